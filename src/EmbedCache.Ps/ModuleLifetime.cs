using System.Management.Automation.Runspaces;

namespace EmbedCache.PowerShell;

/// <summary>What happens when the module leaves a session.</summary>
public static class ModuleLifetime
{
    /// <summary>
    /// Called by the module's OnRemove handler: releases every file that the module holds open for <c>-Path</c> calls, and closes the handles that
    /// this session opened, since no cmdlet is left to close them. Idempotent. Handles of other sessions of the process stay.
    /// </summary>
    public static void OnRemove()
    {
        Guid session = Runspace.DefaultRunspace?.InstanceId ?? Guid.Empty;
        CachePool.Shared.CloseHandles(handle => handle.RunspaceId == session);
        CachePool.Shared.CloseIdle();
    }
}
