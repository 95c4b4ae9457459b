namespace EmbedCache.Metadata;

/// <summary>What a test asks of the value of a name.</summary>
internal enum FilterOperator
{
    /// <summary>That there is one, of any type.</summary>
    Exists,

    Equal,
    In,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,

    /// <summary>A text begins with another.</summary>
    StartsWith,

    /// <summary>A list has an item equal to a text; a text has another as a part.</summary>
    Contains,
}
