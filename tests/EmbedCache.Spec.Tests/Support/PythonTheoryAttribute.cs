namespace EmbedCache.Spec.Tests.Support;

/// <summary>A theory that needs a Python with the Kaitai Struct runtime; skipped, and said so, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTheoryAttribute : TheoryAttribute
{
    public PythonTheoryAttribute()
    {
        if (ReaderKit.Python is null)
        {
            Skip = ReaderKit.NoPython;
        }
    }
}

/// <summary>A fact that needs a Python with the Kaitai Struct runtime; skipped, and said so, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute()
    {
        if (ReaderKit.Python is null)
        {
            Skip = ReaderKit.NoPython;
        }
    }
}
