using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace EmbedCache.Ps.Tests;

/// <summary>An embedding endpoint in the style of OpenAI on the loopback interface. Its embeddings stand in the opposite order of the texts, as their index allows.</summary>
internal sealed class EmbeddingEndpoint : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;

    public EmbeddingEndpoint()
    {
        Url = $"http://127.0.0.1:{FreePort()}/v1/embeddings";
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _loop = Task.Run(ServeAsync);
    }

    public string Url { get; }

    public int RequestCount { get; private set; }

    public int TextCount { get; private set; }

    public string? LastAuthorization { get; private set; }

    /// <summary>How many requests are answered before the endpoint fails.</summary>
    public int FailAfter { get; init; } = int.MaxValue;

    /// <summary>The variables that the examples read.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["EMBEDCACHE_ENDPOINT"] = Url, ["EMBEDCACHE_MODEL"] = "test-model", ["EMBEDCACHE_KEY"] = "secret" };

    /// <summary>Eight numbers that depend on the text.</summary>
    public static float[] Embed(string text)
    {
        float[] vector = [0.5f, 0, 0, 0, 0, 0, 0, 0];
        foreach (char unit in text)
        {
            vector[unit % 8]++;
        }

        return vector;
    }

    public void Dispose()
    {
        _listener.Stop();
        _listener.Close();
        _loop.Wait(TimeSpan.FromSeconds(10));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            await AnswerAsync(context);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using HttpListenerResponse response = context.Response;
        if (RequestCount++ >= FailAfter)
        {
            response.StatusCode = 500;
            return;
        }

        LastAuthorization = context.Request.Headers["Authorization"];
        using JsonDocument request = await JsonDocument.ParseAsync(context.Request.InputStream);
        string[] texts = [.. request.RootElement.GetProperty("input").EnumerateArray().Select(static text => text.GetString()!)];
        TextCount += texts.Length;
        var answer = new
        {
            @object = "list",
            model = request.RootElement.GetProperty("model").GetString(),
            data = texts.Select(static (text, index) => new { @object = "embedding", index, embedding = Embed(text) }).Reverse(),
        };
        response.ContentType = "application/json";
        await response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(answer)));
    }
}
