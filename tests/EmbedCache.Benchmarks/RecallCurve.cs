using System.Globalization;

namespace EmbedCache.Benchmarks;

/// <summary>The curve of recall and rate over EfSearch, as a child of the graph workloads measures it.</summary>
internal static class RecallCurve
{
    /// <summary>The values it is measured at, separated by commas.</summary>
    public const string EfValues = "10,12,14,16,20,24,28,40,56,80,112,160,224,320,448";

    /// <summary>The rate at a recall, between the two points of the curve around it: the logarithm of the rate against the recall. 0 where it is not reached.</summary>
    /// <param name="values">What the child printed: <c>recall EF</c>, and a rate by the name of <paramref name="kind"/> and EF.</param>
    /// <param name="kind">Which rate.</param>
    /// <param name="recall">The recall.</param>
    public static double At(Dictionary<string, double> values, string kind, double recall)
    {
        double lastRecall = 0;
        double lastRate = 0;
        foreach ((int ef, double reached) in Points(values))
        {
            double rate = values[$"{kind} {ef}"];
            if (reached >= recall)
            {
                return lastRate == 0 ? rate : Math.Exp(Math.Log(lastRate) + ((Math.Log(rate) - Math.Log(lastRate)) * (recall - lastRecall) / Math.Max(1e-9, reached - lastRecall)));
            }

            (lastRecall, lastRate) = (reached, rate);
        }

        return 0;
    }

    private static IEnumerable<(int Ef, double Recall)> Points(Dictionary<string, double> values)
    {
        const string Prefix = "recall ";
        return values
            .Where(value => value.Key.StartsWith(Prefix, StringComparison.Ordinal) && char.IsAsciiDigit(value.Key[Prefix.Length]))
            .Select(value => (int.Parse(value.Key.AsSpan(Prefix.Length), CultureInfo.InvariantCulture), value.Value))
            .OrderBy(point => point.Item1);
    }
}
