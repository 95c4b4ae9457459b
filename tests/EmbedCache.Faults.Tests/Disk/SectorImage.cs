namespace EmbedCache.Faults.Disk;

/// <summary>The bytes of a file as sectors. Copies share them until they are written.</summary>
internal sealed class SectorImage
{
    private Sector[] _sectors;

    // Sectors from here on are zero and may be missing from the array.
    private int _used;

    public SectorImage()
    {
        _sectors = [];
    }

    private SectorImage(Sector[] sectors, int used, long length)
    {
        _sectors = sectors;
        _used = used;
        Length = length;
    }

    public long Length { get; private set; }

    /// <summary>Tells images apart: bytes and length.</summary>
    public ulong Hash
    {
        get
        {
            ulong hash = (ulong)Length;
            int last = _used;
            while (last > 0 && ReferenceEquals(_sectors[last - 1], Sector.Zero))
            {
                last--;
            }

            for (int i = 0; i < last; i++)
            {
                hash = Mixing.Mix(hash, _sectors[i].Hash);
            }

            return hash;
        }
    }

    public static SectorImage Of(ReadOnlySpan<byte> bytes)
    {
        var image = new SectorImage();
        image.Write(0, bytes);
        return image;
    }

    public SectorImage Clone() => new(_sectors.AsSpan(0, _used).ToArray(), _used, Length);

    public Sector this[long index] => index < _used ? _sectors[index] : Sector.Zero;

    /// <summary>Sectors that are there, the last perhaps in part.</summary>
    public long SectorCount => (Length + Sector.ByteLength - 1) / Sector.ByteLength;

    public int Read(long offset, Span<byte> buffer)
    {
        int count = (int)Math.Max(0, Math.Min(buffer.Length, Length - offset));
        for (int done = 0; done < count;)
        {
            int from = (int)((offset + done) % Sector.ByteLength);
            int part = Math.Min(Sector.ByteLength - from, count - done);
            this[(offset + done) / Sector.ByteLength].Bytes.AsSpan(from, part).CopyTo(buffer[done..]);
            done += part;
        }

        return count;
    }

    public byte[] ToArray()
    {
        byte[] bytes = new byte[Length];
        Read(0, bytes);
        return bytes;
    }

    /// <summary>Writes bytes and grows to hold them.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Length = Math.Max(Length, offset + bytes.Length);
        for (int done = 0; done < bytes.Length;)
        {
            long index = (offset + done) / Sector.ByteLength;
            int from = (int)((offset + done) % Sector.ByteLength);
            int part = Math.Min(Sector.ByteLength - from, bytes.Length - done);
            Put(index, part == Sector.ByteLength ? Sector.Of(bytes.Slice(done, part)) : this[index].With(from, bytes.Slice(done, part)));
            done += part;
        }
    }

    /// <summary>Zeros, as a hole or a write of zeros leaves them; within the length.</summary>
    public void Clear(long offset, long byteLength)
    {
        long end = Math.Min(Length, offset + byteLength);
        while (offset < end)
        {
            int from = (int)(offset % Sector.ByteLength);
            int part = (int)Math.Min(Sector.ByteLength - from, end - offset);
            long index = offset / Sector.ByteLength;
            if (index >= _used)
            {
                return;
            }

            Put(index, part == Sector.ByteLength ? Sector.Zero : this[index].With(from, new byte[part]));
            offset += part;
        }
    }

    /// <summary>Takes a range from another image, its bytes past its own end as zeros; within the length.</summary>
    public void CopyFrom(SectorImage other, long offset, long byteLength)
    {
        long end = Math.Min(Length, offset + byteLength);
        while (offset < end)
        {
            int from = (int)(offset % Sector.ByteLength);
            int part = (int)Math.Min(Sector.ByteLength - from, end - offset);
            long index = offset / Sector.ByteLength;
            Sector source = other[index];
            if (!ReferenceEquals(source, this[index]))
            {
                Put(index, part == Sector.ByteLength ? source : this[index].With(from, source.Bytes.AsSpan(from, part)));
            }

            offset += part;
        }
    }

    /// <summary>Cuts, or grows with zeros.</summary>
    public void SetLength(long length)
    {
        if (length < Length)
        {
            Clear(length, Length - length);
            _used = (int)Math.Min(_used, (length + Sector.ByteLength - 1) / Sector.ByteLength);
        }

        Length = length;
    }

    private void Put(long index, Sector sector)
    {
        if (index >= _used)
        {
            if (ReferenceEquals(sector, Sector.Zero))
            {
                return;
            }

            if (index >= _sectors.Length)
            {
                Array.Resize(ref _sectors, (int)Math.Max(index + 1, _sectors.Length * 2));
            }

            Array.Fill(_sectors, Sector.Zero, _used, (int)index - _used);
            _used = (int)index + 1;
        }

        _sectors[index] = sector;
    }
}
