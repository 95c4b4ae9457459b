using System.Globalization;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>
/// Refuses a bare number where a time span is wanted: PowerShell would read 30 as 30 ticks, three microseconds, and nobody means that.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TimeSpanTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = VectorConverter.Unwrap(inputData);
        if (VectorConverter.IsNumber(value))
        {
            throw new ArgumentTransformationMetadataException(string.Format(
                CultureInfo.InvariantCulture, "The number {0} has no unit. Write a time span, such as (New-TimeSpan -Days 30) or '30.00:00:00'.", value));
        }

        return inputData;
    }
}
