using System.Management.Automation.Runspaces;

namespace EmbedCache.PowerShell;

/// <summary>What happens when the module leaves a session.</summary>
public static class ModuleLifetime
{
    /// <summary>
    /// Called by the module's OnRemove handler: releases every file that the module holds open for <c>-Path</c> calls, and closes the handles that
    /// this session opened, since no cmdlet is left to close them. Idempotent. Handles of other sessions of the process stay. A file that cannot be
    /// closed cleanly, because its folder was removed meanwhile, does not keep the module from leaving.
    /// </summary>
    public static void OnRemove()
    {
        Guid session = Runspace.DefaultRunspace?.InstanceId ?? Guid.Empty;
        try
        {
            CachePool.Shared.CloseHandles(handle => handle.RunspaceId == session);
        }
        catch (IOException)
        {
            // What was committed does not depend on a clean close.
        }

        CachePool.Shared.CloseIdle();
    }
}
