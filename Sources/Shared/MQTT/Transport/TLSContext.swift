internal import COpenSSL
internal import Glibc

/// The keys and rules for TLS connections to one server: at least TLS 1.2, a chain to our authorities, and the server's
/// name or address in its certificate. Made anew for each dialling, so that renewed files are taken up.
struct TLSContext: ~Copyable {
    private let context: OpaquePointer
    let serverName: String

    /// - Parameter host: what was dialled; the name to demand unless the settings say another.
    init(_ settings: TLSSettings, host: String) throws(ConnectionError) {
        context = try Self.make(settings)
        serverName = settings.serverName ?? host
    }

    deinit { SSL_CTX_free(context) }

    /// A connection's state, which checks the server's certificate for `serverName`.
    func makeConnection(descriptor: Int32) throws(ConnectionError) -> OpaquePointer {
        ERR_clear_error()
        guard let connection = SSL_new(context) else { throw .tls(.failed(reason: Self.reason())) }
        let isAddress = Self.isAddress(serverName)
        let accepted: Bool
        if isAddress {
            accepted = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), serverName) == 1
        } else {
            SSL_set_hostflags(connection, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            accepted = SSL_set1_host(connection, serverName) == 1 && Self.announce(serverName, connection)
        }
        guard accepted, !serverName.isEmpty else {
            SSL_free(connection)
            throw .tls(.serverName(serverName))
        }
        SSL_set_fd(connection, descriptor)
        SSL_set_connect_state(connection)
        return connection
    }

    private static func make(_ settings: TLSSettings) throws(ConnectionError) -> OpaquePointer {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw .tls(.failed(reason: reason())) }
        // SSL_CTX_set_min_proto_version and SSL_CTX_set_mode are macros over SSL_CTX_ctrl.
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        SSL_CTX_ctrl(
            context, SSL_CTRL_MODE, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER), nil)
        // A connection that ends without TLS's goodbye is simply closed: MQTT has lengths and a goodbye of its own.
        SSL_CTX_set_options(context, ignoreUnexpectedEnd | noRenegotiation)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        // An encrypted key is an error, not a question on the terminal.
        SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in 0 }
        do throws(ConnectionError) {
            try load(settings, context)
            return context
        } catch {
            SSL_CTX_free(context)
            throw error
        }
    }

    private static func load(_ settings: TLSSettings, _ context: OpaquePointer) throws(ConnectionError) {
        if let path = settings.authorityFile {
            guard SSL_CTX_load_verify_file(context, path) == 1 else {
                throw .tls(.authorityFile(path: path, reason: reason()))
            }
        } else if SSL_CTX_set_default_verify_paths(context) != 1 {
            throw .tls(.authorityFile(path: "the system's folder", reason: reason()))
        }
        guard let certificate = settings.certificateFile, let key = settings.keyFile else { return }
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw .tls(.certificateFile(path: certificate, reason: reason()))
        }
        guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(context) == 1
        else { throw .tls(.keyFile(path: key, reason: reason())) }
    }

    /// Server name indication (RFC 6066 §3): SSL_set_tlsext_host_name is a macro.
    private static func announce(_ name: String, _ connection: OpaquePointer) -> Bool {
        // OpenSSL copies the name before the call returns.
        name.withCString { text in
            SSL_ctrl(
                connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name),
                UnsafeMutableRawPointer(mutating: text)) == 1
        }
    }

    private static func isAddress(_ name: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1
    }

    /// The reason of OpenSSL's first error, and forgets the others.
    static func reason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        // System errors (a file that is not there) carry an errno in place of a reason.
        if code & Self.systemFlag != 0 { return String(cString: strerror(Int32(code & 0x7FFF_FFFF))) }
        guard let text = ERR_reason_error_string(code) else { return "no reason given" }
        return String(cString: text)
    }

    // ERR_SYSTEM_FLAG, SSL_OP_IGNORE_UNEXPECTED_EOF (bit 7), SSL_OP_NO_RENEGOTIATION (bit 30) are macros with casts.
    private static let systemFlag: UInt = 0x8000_0000
    private static let ignoreUnexpectedEnd: UInt64 = 1 << 7
    private static let noRenegotiation: UInt64 = 1 << 30
}
