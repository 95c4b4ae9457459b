namespace EmbedCache;

/// <summary>How two vectors are compared. Fixed when a file is created.</summary>
public enum Metric : byte
{
    /// <summary>Cosine of the angle between the vectors, -1 to 1. Zero vectors are refused.</summary>
    Cosine = 1,

    /// <summary>Inner product.</summary>
    Dot = 2,

    /// <summary>Euclidean distance; the score is its negative, so that higher is still better.</summary>
    L2 = 3,
}

/// <summary>The type of a stored vector element.</summary>
public enum ElementType : byte
{
    /// <summary>IEEE 754 binary32, stored bit for bit as given.</summary>
    Float32 = 1,

    /// <summary>IEEE 754 binary16. Reserved by format 1.0.</summary>
    Float16 = 2,

    /// <summary>Scaled signed bytes. Reserved by format 1.0.</summary>
    Int8 = 3,
}

/// <summary>What a file keeps of a key.</summary>
public enum KeyStorage : byte
{
    /// <summary>The text itself.</summary>
    Text = 1,

    /// <summary>Only the salted SHA-256 of the text, so that the file holds no private text.</summary>
    Digest = 2,
}

/// <summary>What a vector was embedded for. Models with separate query and document modes give two vectors for one text; the role is part of the key.</summary>
public enum EmbeddingRole : byte
{
    /// <summary>The model knows no roles.</summary>
    None = 0,

    /// <summary>A search query.</summary>
    Query = 1,

    /// <summary>A document to be found.</summary>
    Document = 2,
}

/// <summary>When a commit is on stable storage.</summary>
public enum Durability
{
    /// <summary>One fsync per commit: what was acknowledged survives power loss.</summary>
    Full = 0,

    /// <summary>An fsync at each Checkpoint, after each GiB and on close: never corrupt, but power loss may take the newest commits. A killed process takes none.</summary>
    Normal = 1,
}

/// <summary>What writers keep beside the records to make searches faster. Results are right with any; a file may hold less than its mode says, never needing it.</summary>
public enum IndexMode
{
    /// <summary>Whatever serves: codes as records are written, from 1,024 records on, and a proximity graph over them from 8,192 on.</summary>
    Auto = 0,

    /// <summary>Codes of 8 bits an element, with which exact searches read a quarter of the bytes.</summary>
    Codes = 1,

    /// <summary>Nothing: the smallest file and the fastest writes. Searches read every vector.</summary>
    None = 2,
}
