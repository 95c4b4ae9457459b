using EmbedCache.Format;
using EmbedCache.Metadata;
using EmbedCache.Numerics;
using EmbedCache.Search;
using EmbedCache.Storage;

namespace EmbedCache.Engine;

/// <summary>
/// Decides for a compaction how the new file keeps vectors, learns the codebook where that needs one, and encodes. What the old file keeps in the wanted way already
/// is copied as it stands: compressing again loses nothing again.
/// </summary>
internal sealed class Recoder
{
    /// <summary>Seed of training and rotation: fixed, so that the same file compresses to the same bytes.</summary>
    private const ulong Seed = 0x5DEECE66D2B7E151;

    private const double DefaultBitsPerElement = 2; // a sixteenth of float32
    private const int MaxBitsPerElement = 8;
    private const int ProductCodeBits = 8;
    private const int SmallProductCodeBits = 4; // for files with too few vectors for 256 centroids
    private const int MaxThreads = 8;

    private readonly OptimizeOptions _options;
    private readonly Snapshot _from;
    private readonly CancellationToken _cancellationToken;
    private readonly LossMeter _loss = new();
    private readonly bool _keeps;
    private readonly float[] _scratch;
    private byte[] _encoded = [];
    private VectorCodec? _codec;

    /// <exception cref="ArgumentException">The options ask for what cannot be.</exception>
    public Recoder(OptimizeOptions options, Snapshot from, CancellationToken cancellationToken)
    {
        _options = options;
        _from = from;
        _cancellationToken = cancellationToken;
        _scratch = new float[from.Log.Header.Dimension];
        Compression = options.Compression ?? from.Properties.Compression;
        _keeps = IsTheSame();
        CheckOptions();
    }

    /// <summary>What the new file keeps of vectors.</summary>
    public VectorCompression Compression { get; }

    /// <summary>Whether the new file has short codes beside its vectors.</summary>
    public bool HasShortCodes => _options.ShortCodes ?? _from.Properties.HasShortCodes;

    /// <summary>What it cost; null when nothing is encoded.</summary>
    public CompressionLoss? Loss => _loss.Read();

    /// <summary>Learns what there is to learn, and begins the new log with it.</summary>
    /// <param name="set">The live records.</param>
    /// <param name="transaction">The new file's first transaction.</param>
    /// <param name="progress">Told how far learning is.</param>
    /// <exception cref="CompressionException">There are too few vectors to learn from.</exception>
    public void Begin(ScanSet set, WriteTransaction transaction, Action<double> progress)
    {
        if (_keeps && RecordCodebook.IsPresent(_from.Log) && Compression is VectorCompression.PQ or VectorCompression.Binary)
        {
            _from.Log.RecordCodebook.Write(transaction.Appender);
            _codec = CreateCodec(_from.Log.Codebook);
            AddEarlier();
        }
        else if (Compression is VectorCompression.PQ or VectorCompression.Binary)
        {
            (Codebook codebook, long count) = Learn(set, progress);
            RecordCodebook.Create(codebook, Seed, count).Write(transaction.Appender);
            _codec = CreateCodec(codebook);
        }
        else if (Compression != VectorCompression.None)
        {
            _codec = CreateCodec(null);
            if (_keeps)
            {
                AddEarlier();
            }
        }

        _encoded = new byte[_codec?.ByteLength ?? 0];
        transaction.Codec = null;
    }

    /// <summary>The properties of the new file.</summary>
    public EmbeddingMetadata Describe(EmbeddingMetadata values) => StoreProperties.WithShortCodes(StoreProperties.WithCompression(values, Compression, BitsPerElement, IsRotated, Loss), HasShortCodes);

    /// <summary>The vector of a record as the new file is to keep it. Valid until the next call.</summary>
    public StoredVector Encode(long vectorOffset, in RecordFrame record)
    {
        LogFile log = _from.Log;
        if (record.Encoding == EncodingOf(Compression) && _keeps)
        {
            return new StoredVector(RecordReader.StoredVector(log, vectorOffset, record), record.Norm, record.Encoding, record.Codebook);
        }

        ReadOnlySpan<float> vector = RecordReader.Vector(log, vectorOffset, record, _scratch);
        if (_codec is not null && _codec.TryEncode(vector, _encoded, out EncodedVector encoded))
        {
            _loss.Add(encoded);
            return new StoredVector(_encoded, encoded.Norm, _codec.Encoding, _codec.CodebookNumber);
        }

        return StoredVector.Floats(vector, record.Norm);
    }

    /// <summary>What writers of a file encode with; null for none.</summary>
    public static VectorCodec? CodecOf(Snapshot snapshot)
    {
        RecordEncoding encoding = EncodingOf(snapshot.Properties.Compression);
        return encoding switch
        {
            RecordEncoding.Float32 => null,
            RecordEncoding.Code => new VectorCodec(encoding, snapshot.Log.Header, snapshot.Log.Codebook),
            _ => new VectorCodec(encoding, snapshot.Log.Header, null),
        };
    }

    private double BitsPerElement => _options.BitsPerElement ?? (Compression == _from.Properties.Compression ? _from.Properties.BitsPerElement : null) ?? DefaultBitsPerElement;

    private bool IsRotated => Compression == VectorCompression.PQ && (_options.Rotate ?? _from.Properties.IsRotated);

    private static RecordEncoding EncodingOf(VectorCompression compression) => compression switch
    {
        VectorCompression.None => RecordEncoding.Float32,
        VectorCompression.Float16 => RecordEncoding.Float16,
        VectorCompression.Int8 => RecordEncoding.Int8,
        _ => RecordEncoding.Code,
    };

    private VectorCodec CreateCodec(Codebook? codebook) => new(EncodingOf(Compression), _from.Log.Header, codebook);

    private bool IsTheSame()
        => Compression == _from.Properties.Compression
        && IsRotated == _from.Properties.IsRotated
        && (Compression is not (VectorCompression.PQ or VectorCompression.Binary) || _options.BitsPerElement is null || _options.BitsPerElement == _from.Properties.BitsPerElement);

    private void AddEarlier()
    {
        if (_from.Properties.Loss is { } earlier)
        {
            _loss.Add(earlier);
        }
    }

    private void CheckOptions()
    {
        if (Compression is < VectorCompression.None or > VectorCompression.Binary)
        {
            throw new ArgumentOutOfRangeException(nameof(OptimizeOptions.Compression), Compression, "Not a compression");
        }

        if (_options.Rotate == true && Compression != VectorCompression.PQ)
        {
            throw new ArgumentException($"Only PQ has a rotation to choose: {(Compression == VectorCompression.Binary ? "Binary always rotates" : "the others keep each element by itself")}", nameof(OptimizeOptions.Rotate));
        }

        if (_options.BitsPerElement is not { } bits)
        {
            return;
        }

        bool isPossible = Compression switch
        {
            VectorCompression.PQ => bits is > 0 and <= MaxBitsPerElement,
            VectorCompression.Binary => bits is 1 or 2 or 4,
            _ => false,
        };
        if (!isPossible)
        {
            throw new ArgumentOutOfRangeException(
                nameof(OptimizeOptions.BitsPerElement),
                bits,
                Compression switch
                {
                    VectorCompression.PQ => "PQ takes more than 0 and at most 8 bits for each element",
                    VectorCompression.Binary => "Binary takes 1, 2 or 4 bits for each element",
                    _ => $"{Compression} has a fixed number of bits; only PQ and Binary take one",
                });
        }
    }

    private (Codebook Codebook, long Count) Learn(ScanSet set, Action<double> progress)
    {
        int dimension = _scratch.Length;
        int live = (int)Math.Min(int.MaxValue, CountLive(set));
        if (Compression == VectorCompression.PQ)
        {
            int fewest = ProductTrainer.MinimumSample(SmallProductCodeBits);
            if (live < fewest)
            {
                throw new CompressionException($"PQ learns from the file's own vectors and needs at least {fewest} of them; the file has {live}. Float16, Int8 and Binary take any number", _from.Log.Path);
            }

            int codeBits = live < ProductTrainer.MinimumSample(ProductCodeBits) ? SmallProductCodeBits : ProductCodeBits;
            int subspaces = (int)Math.Max(1, Math.Min(dimension, Math.Round(dimension * BitsPerElement / codeBits)));
            float[] sample = Sample(set, live, Math.Min(live, ProductTrainer.UsefulSample(codeBits)));
            if (IsRotated)
            {
                Rotate(sample);
            }

            var trainer = new ProductTrainer(dimension, subspaces, codeBits, Seed);
            ProductQuantizer product = trainer.Train(sample, Math.Min(Environment.ProcessorCount, MaxThreads), progress, _cancellationToken);
            return (IsRotated ? new RotatedQuantizer(product, Seed) : product, sample.Length / dimension);
        }

        float[] rows = Sample(set, live, Math.Min(live, ProductTrainer.UsefulSample(ProductCodeBits)));
        float[] centre = rows.Length == 0 ? new float[dimension] : BinaryQuantizer.MeanOf(rows, dimension);
        return (new BinaryQuantizer(centre, (int)BitsPerElement, Seed), rows.Length / dimension);
    }

    private void Rotate(float[] rows)
    {
        var rotation = new StructuredRotation(_scratch.Length, Seed);
        for (int at = 0; at < rows.Length; at += _scratch.Length)
        {
            rotation.Apply(rows.AsSpan(at, _scratch.Length));
        }
    }

    private static long CountLive(ScanSet set) => LiveRecords.Offsets(set, newestFirst: false).LongCount();

    /// <summary>Directions of live vectors, drawn by seed, in the order of the log.</summary>
    private float[] Sample(ScanSet set, int live, int count)
    {
        int[] drawn = SplitMix64.Sample(count, live, Seed);
        float[] rows = new float[(long)count * _scratch.Length];
        int index = 0;
        int row = 0;
        foreach (long offset in LiveRecords.Offsets(set, newestFirst: false))
        {
            if (row == count)
            {
                break;
            }

            if (index++ == drawn[row])
            {
                CopyDirection(offset, rows.AsSpan(row * _scratch.Length, _scratch.Length));
                row++;
                if (row % 1024 == 0)
                {
                    _cancellationToken.ThrowIfCancellationRequested();
                }
            }
        }

        return rows;
    }

    private void CopyDirection(long offset, Span<float> destination)
    {
        LogFile log = _from.Log;
        RecordFrame record = RecordReader.ReadVectorFrame(log, RecordReader.Read(log, offset, _from.PublishedTail), ref offset);
        ReadOnlySpan<float> vector = RecordReader.Vector(log, offset, record, _scratch);
        double norm = VectorNorm.Norm(vector);
        double inverse = norm == 0 ? 0 : 1 / norm;
        for (int i = 0; i < vector.Length; i++)
        {
            destination[i] = (float)(vector[i] * inverse);
        }
    }
}
