using System.Management.Automation;
using System.Reflection;

namespace EmbedCache.Ps.Tests;

/// <summary>Select-Object -First, which the bare engine lacks: passes objects on and then stops what is upstream, by the same exception.</summary>
[Cmdlet(VerbsCommon.Select, "First")]
public sealed class SelectFirstCommand : PSCmdlet
{
    private static readonly Type s_stopUpstream = typeof(PSObject).Assembly.GetType("System.Management.Automation.StopUpstreamCommandsException", throwOnError: true)!;

    private int _left;

    [Parameter(Mandatory = true, Position = 0)]
    public int Count { get; set; }

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    protected override void BeginProcessing() => _left = Count;

    protected override void ProcessRecord()
    {
        WriteObject(InputObject);
        if (--_left == 0)
        {
            throw (Exception)Activator.CreateInstance(s_stopUpstream, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, null, [this], null)!;
        }
    }
}
