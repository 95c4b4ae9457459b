using System.Management.Automation;

namespace EmbedCache.PowerShell;

/// <summary>
/// Exceptions as PowerShell reports them. The ids are part of the module's interface: scripts compare <c>FullyQualifiedErrorId</c>, which is the id,
/// a comma and the cmdlet's class, such as <c>WrongDimension,EmbedCache.PowerShell.SetEmbeddingCommand</c>.
/// </summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(Exception exception, object? target)
    {
        (string id, ErrorCategory category) = Classify(exception is BatchFailedException { InnerException: { } inner } ? inner : exception);
        return new ErrorRecord(exception, id, category, target);
    }

    public static ErrorRecord Create(string id, ErrorCategory category, string message, object? target) =>
        new(category is ErrorCategory.ObjectNotFound ? new ItemNotFoundException(message) : new ArgumentException(message), id, category, target);

    private static (string Id, ErrorCategory Category) Classify(Exception exception) => exception switch
    {
        InvalidEmbeddingException invalid => (invalid.Reason.ToString(), CategoryOf(invalid.Reason)),
        NotAnEdbFileException => ("NotAnEdbFile", ErrorCategory.InvalidData),
        UnsupportedVersionException => ("UnsupportedVersion", ErrorCategory.NotImplemented),
        CorruptFileException => ("CorruptFile", ErrorCategory.InvalidData),
        CompressionException => ("CannotCompress", ErrorCategory.InvalidOperation),
        FileBusyException => ("FileBusy", ErrorCategory.ResourceBusy),
        NetworkFileSystemException => ("NetworkFileSystem", ErrorCategory.PermissionDenied),
        ModelMismatchException => ("ModelMismatch", ErrorCategory.InvalidArgument),
        DeviceFailedException { IsFull: true } => ("DiskFull", ErrorCategory.WriteError),
        DeviceFailedException { IsPoisoned: true } => ("DevicePoisoned", ErrorCategory.WriteError),
        DeviceFailedException => ("DeviceFailed", ErrorCategory.WriteError),
        FileNotFoundException or DirectoryNotFoundException => ("FileNotFound", ErrorCategory.ObjectNotFound),
        UnauthorizedAccessException => ("AccessDenied", ErrorCategory.PermissionDenied),
        HandleClosedException or ObjectDisposedException => ("HandleClosed", ErrorCategory.InvalidOperation),
        OperationCanceledException => ("Stopped", ErrorCategory.OperationStopped),
        ArgumentException => ("InvalidArgument", ErrorCategory.InvalidArgument),
        PathTooLongException => ("PathTooLong", ErrorCategory.InvalidArgument),
        EndOfStreamException => ("CorruptFile", ErrorCategory.InvalidData),
        IOException => ("FileFailed", ErrorCategory.OpenError),
        NotSupportedException => ("NotSupported", ErrorCategory.NotImplemented),
        _ => ("Failed", ErrorCategory.NotSpecified),
    };

    private static ErrorCategory CategoryOf(InvalidEmbeddingReason reason) => reason switch
    {
        InvalidEmbeddingReason.EmptyKey or InvalidEmbeddingReason.KeyTooLong or InvalidEmbeddingReason.MalformedKey or InvalidEmbeddingReason.InvalidExpiry => ErrorCategory.InvalidArgument,
        _ => ErrorCategory.InvalidData,
    };
}
