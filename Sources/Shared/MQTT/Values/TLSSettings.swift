/// How the server proves who it is, and how we do. TLS 1.2 is the least that is spoken; nothing turns checks off.
public struct TLSSettings: Sendable {
    /// PEM file with the authorities that may sign the server's certificate; nil: the system's.
    public var authorityFile: String?
    /// PEM files with our certificate chain and its private key; both or none.
    public var certificateFile: String?
    public var keyFile: String?
    /// The name or address that the server's certificate must bear, and that SNI asks for; nil: the host dialled.
    public var serverName: String?

    public init(
        authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil, serverName: String? = nil
    ) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.serverName = serverName
    }
}
