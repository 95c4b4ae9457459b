using System.Collections;
using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>The names under which a record's parts are found, in the order in which they are looked for. The parameters carry the same names and aliases.</summary>
internal static class RecordFields
{
    public static readonly string[] Key = ["Key", "Text", "Id", "Name", "Input"];
    public static readonly string[] Vector = ["Vector", "Embedding", "Values"];
    public static readonly string[] Metadata = ["Metadata"];
    public static readonly string[] Role = ["Role"];
    public static readonly string[] TimeToLive = ["TimeToLive", "ExpiresIn"];
    public static readonly string[] ExpiresAt = ["ExpiresAt", "Expires"];

    /// <summary>Position of an embedding among those of one response. Never a key.</summary>
    public const string Index = "index";

    /// <summary>Looks a name up in a hashtable (its entries, not its properties) or in an object's properties.</summary>
    public static bool TryGet(object source, string name, out object? value)
    {
        value = null;
        if (VectorConverter.Unwrap(source) is IDictionary dictionary)
        {
            return TryGet(dictionary, name, out value);
        }

        PSPropertyInfo? property = PSObject.AsPSObject(source).Properties[name];
        if (property is null || !property.IsGettable)
        {
            return false;
        }

        value = property.Value;
        return true;
    }

    /// <summary>The value of the first of several names that is there.</summary>
    public static bool TryGetAny(object source, string[] names, out object? value)
    {
        foreach (string name in names)
        {
            if (TryGet(source, name, out value))
            {
                return true;
            }
        }

        value = null;
        return false;
    }

    private static bool TryGet(IDictionary dictionary, string name, out object? value)
    {
        // A hashtable literal finds any case at once; a Dictionary<string, object> may need a walk over its few entries.
        if (dictionary.Contains(name))
        {
            value = dictionary[name];
            return true;
        }

        if (dictionary is not Hashtable)
        {
            foreach (object candidate in dictionary.Keys)
            {
                if (candidate is string text && string.Equals(text, name, StringComparison.OrdinalIgnoreCase))
                {
                    value = dictionary[candidate];
                    return true;
                }
            }
        }

        value = null;
        return false;
    }
}
