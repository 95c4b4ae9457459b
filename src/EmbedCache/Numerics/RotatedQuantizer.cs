namespace EmbedCache.Numerics;

/// <summary>
/// Product quantisation of rotated directions: a structured rotation spreads each element over all of them, so that what comes later and is unlike the vectors that the centroids were learned
/// from is coded as well as they. It costs where neighbouring elements are alike, as pixels are, since it hides that from the centroids (2 bits an element, 20,000 vectors, recall@10 without and with:
/// Fashion-MNIST 0.91 and 0.88, synthetic 128-d 0.78 and 0.80, 1536-d 0.93 and 0.92). So it is asked for by name, and the loss is measured.
/// </summary>
internal sealed class RotatedQuantizer : Codebook
{
    private readonly StructuredRotation _rotation;

    /// <param name="product">Learned from directions that were rotated likewise.</param>
    /// <param name="seed">Of the rotation.</param>
    public RotatedQuantizer(ProductQuantizer product, ulong seed)
        : base(product.Dimension)
    {
        Product = product;
        _rotation = new StructuredRotation(product.Dimension, seed);
    }

    /// <summary>What quantises the rotated directions.</summary>
    public ProductQuantizer Product { get; }

    public override int CodeByteLength => Product.CodeByteLength;

    public override int LookUpByteLength => Product.LookUpByteLength;

    public override void Encode(Span<float> direction, Span<byte> code)
    {
        _rotation.Apply(direction);
        Product.Encode(direction, code);
    }

    public override void Decode(ReadOnlySpan<byte> code, Span<float> direction)
    {
        Product.Decode(code, direction);
        _rotation.ApplyInverse(direction);
    }

    public override float Prepare(Span<float> query, Span<float> tables)
    {
        _rotation.Apply(query);
        return Product.Prepare(query, tables);
    }

    public override float Score(float start, ReadOnlySpan<float> tables, ReadOnlySpan<byte> code) => Product.Score(start, tables, code);
}
