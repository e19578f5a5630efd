/// Where the status page listens (`/metrics`, `/healthz`), the same on both sides. `status: null` opens no port.
public struct StatusSettings: Hashable, Sendable {
    /// On this machine, unless `expose` says that others may look.
    public let listen: Endpoint
    /// Whether `listen` may be an address that others can reach. There is no password: put a proxy before it.
    public let expose: Bool

    /// Reads the keys of `status`.
    public init(_ section: inout ConfigSection, standardPort: UInt16) throws(ConfigError) {
        listen = try section.value("listen", .endpoint, default: Endpoint(host: "127.0.0.1", port: standardPort))
        expose = try section.value("expose", .flag, default: false)
        guard listen.isLoopback || expose else {
            throw section.error(
                "listen", "\"\(listen)\" can be reached by others", allowed: "a loopback address, or expose: true")
        }
    }
}
