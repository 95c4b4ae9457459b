using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EmbedCache.Benchmarks;

/// <summary>One figure held against what it must reach.</summary>
/// <param name="Workload">Workload it belongs to.</param>
/// <param name="Count">Records.</param>
/// <param name="Dimension">Elements per vector.</param>
/// <param name="Metric">What was measured.</param>
/// <param name="Value">The figure.</param>
/// <param name="Unit">Its unit; "x" for a ratio.</param>
/// <param name="Comparison">"&gt;=" or "&lt;=".</param>
/// <param name="Limit">The bar.</param>
internal sealed record BarLine(string Workload, long Count, int Dimension, string Metric, double Value, string Unit, string Comparison, double Limit)
{
    public bool IsMet => Comparison == ">=" ? Value >= Limit : Value <= Limit;
}

/// <summary>Writes results as JSON lines and remembers the bars for the table at the end.</summary>
internal sealed class Report(TextWriter output)
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<BarLine> _bars = [];

    /// <summary>All figures that have a bar, in the order they were taken.</summary>
    public IReadOnlyList<BarLine> Bars => _bars;

    /// <summary>Writes one measured value.</summary>
    public void Value(string system, string workload, long count, int dimension, string metric, double value, string unit)
        => WriteLine(system, workload, count, dimension, metric, value, unit, null);

    /// <summary>Writes a figure that must be at least <paramref name="limit"/>.</summary>
    public void AtLeast(double limit, string workload, long count, int dimension, string metric, double value, string unit = "x")
        => Bar(new BarLine(workload, count, dimension, metric, value, unit, ">=", limit));

    /// <summary>Writes a figure that must be at most <paramref name="limit"/>.</summary>
    public void AtMost(double limit, string workload, long count, int dimension, string metric, double value, string unit = "x")
        => Bar(new BarLine(workload, count, dimension, metric, value, unit, "<=", limit));

    /// <summary>Says on the error stream what a reader of the lines should know.</summary>
    public static void Note(string text) => Console.Error.WriteLine(text);

    /// <summary>Writes all bars as a table for people.</summary>
    public void WriteTable(TextWriter writer)
    {
        foreach (BarLine bar in _bars)
        {
            string mark = bar.IsMet ? "met   " : "MISSED";
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{mark} {bar.Workload,-12} n={bar.Count,-8} d={bar.Dimension,-5} {bar.Metric,-58} {bar.Value,12:G5} {bar.Unit,-10} {bar.Comparison} {bar.Limit:G5}"));
        }
    }

    private void Bar(BarLine bar)
    {
        _bars.Add(bar);
        WriteLine("ratio", bar.Workload, bar.Count, bar.Dimension, bar.Metric, bar.Value, bar.Unit, bar);
    }

    private void WriteLine(string system, string workload, long count, int dimension, string metric, double value, string unit, BarLine? bar)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("system", system);
            json.WriteString("workload", workload);
            json.WriteNumber("n", count);
            json.WriteNumber("dim", dimension);
            json.WriteString("metric", metric);
            json.WriteNumber("value", Round(value));
            json.WriteString("unit", unit);
            if (bar is not null)
            {
                json.WriteString("bar", bar.Comparison + " " + bar.Limit.ToString("G6", CultureInfo.InvariantCulture));
                json.WriteBoolean("met", bar.IsMet);
            }

            json.WriteEndObject();
        }

        output.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
        output.Flush();
    }

    /// <summary>Six significant digits: more would be noise. JSON has no NaN or infinity; both become 0.</summary>
    private static double Round(double value)
        => double.IsFinite(value) ? double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : 0;
}
