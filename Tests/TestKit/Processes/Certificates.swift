import Foundation

/// A certificate authority with a server's and a client's certificate, made by `openssl` for one test run.
public final class Certificates: Sendable {
    private let folder: TemporaryDirectory

    public var authority: String { folder.file("ca.pem") }
    public var serverCertificate: String { folder.file("server.pem") }
    public var serverKey: String { folder.file("server.key") }
    public var clientCertificate: String { folder.file("client.pem") }
    public var clientKey: String { folder.file("client.key") }

    /// One authority for the whole run: what most tests want.
    public static func shared() async throws -> Certificates { try await cached.value }
    private static let cached = Task { try await Certificates() }

    /// Makes a fresh authority, for instance one that the other side does not know.
    /// - Parameters:
    ///   - hosts: the server's names, as openssl writes them.
    ///   - isExpired: the server's certificate is over since a day.
    public init(hosts: String = "DNS:localhost,IP:127.0.0.1", isExpired: Bool = false) async throws {
        folder = try TemporaryDirectory("certificates")
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try await runSuccessfully(
            ["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=Test authority"] + key
                + ["-keyout", folder.file("ca.key"), "-out", authority])
        for (name, subject, extensions) in [
            ("server", "/CN=localhost", "subjectAltName=\(hosts)"),
            ("client", "/CN=diode", "extendedKeyUsage=clientAuth"),
        ] {
            try await runSuccessfully(
                ["openssl", "req", "-subj", subject] + key
                    + ["-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).csr")])
            let days = isExpired && name == "server" ? "-1" : "2"
            let file = try folder.write("\(name).ext", extensions + "\n")
            try await runSuccessfully([
                "openssl", "x509", "-req", "-days", days, "-in", folder.file("\(name).csr"), "-CA", authority,
                "-CAkey", folder.file("ca.key"), "-CAcreateserial", "-extfile", file,
                "-out", folder.file("\(name).pem"),
            ])
        }
    }
}
