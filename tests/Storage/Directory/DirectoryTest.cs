using System.Text;
using Analytics.Storage.Directory;

namespace Analytics.Tests.Storage;

/// <summary>A folder of its own for each test, and documents as text.</summary>
public abstract class DirectoryTest : IDisposable
{
    protected const string Full =
        """
        { "organizations": [ { "id": "org_1", "name": "Acme", "plan": "enterprise", "timezones": ["Europe/Paris", "Asia/Calcutta"] },
                             { "id": "org_2", "name": "Globex", "plan": "pro" } ],
          "users":    [ { "id": "u_1", "name": "Ana", "email": "ana@example.com" }, { "id": "u_2" } ],
          "members":  [ { "organizationId": "org_1", "userId": "u_1", "role": "owner" },
                        { "organizationId": "org_1", "userId": "u_2", "role": "developer" },
                        { "organizationId": "org_2", "userId": "u_2", "role": "admin" } ],
          "projects": [ { "id": "prj_1", "organizationId": "org_1", "name": "Production API", "color": "#4e79a7" },
                        { "id": "prj_1", "organizationId": "org_2", "name": "Zürich 東京" } ],
          "apiKeys":  [ { "id": "key_1", "organizationId": "org_1", "projectId": "prj_1", "description": "prod-etl", "createdBy": "u_1" },
                        { "id": "key_0", "organizationId": "org_1", "projectId": "prj_1", "deleted": true } ],
          "agents":   [ { "id": "agt_1", "organizationId": "org_1", "projectId": "prj_1", "name": "Triage" } ],
          "models":   [ { "organizationId": "org_1", "mapping": "azure/gpt-5.5", "model": "gpt-5.5", "provider": "azure",
                          "prices": [ { "rule": "output_tokens", "unit": "token", "usdPerMillion": 0.0375 },
                                      { "rule": "input_tokens", "unit": "token", "usdPerMillion": "1.250" } ] },
                        { "mapping": "openai/gpt-5.5", "model": "gpt-5.5" } ] }
        """;

    private readonly System.IO.DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("directory-test-");

    protected string DatabasePath => Path.Combine(folder.FullName, "directory.db");

    public void Dispose()
    {
        folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static DirectoryDocument Parse(string json) => DirectoryDocument.Parse(Encoding.UTF8.GetBytes(json));

    protected static string Text(DirectoryDocument document) => Encoding.UTF8.GetString(document.ToUtf8());

    protected DirectoryStore Open() => DirectoryStore.Open(DatabasePath);

    protected DirectoryStore OpenFull()
    {
        var store = Open();
        store.Import(Parse(Full));
        return store;
    }
}
