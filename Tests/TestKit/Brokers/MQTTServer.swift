/// A broker of this machine, whoever made it: what the pair and the scripts of Tests/clients need to know of one.
public protocol MQTTServer: Sendable {
    /// On 127.0.0.1.
    var port: UInt16 { get }
    /// `mqtt://127.0.0.1:port`, or `mqtts://`.
    var url: String { get }
    /// Options by which the scripts of Tests/clients reach it, besides the port.
    var scriptOptions: [String] { get }
    /// The network namespace that its clients run in.
    var namespace: Namespace? { get }
}

extension Broker: MQTTServer {
    public var namespace: Namespace? { settings.namespace }

    public var scriptOptions: [String] {
        var options: [String] = []
        if let certificates = settings.certificates {
            options += [
                "--host", "localhost", "--ca", certificates.authority, "--cert", certificates.clientCertificate,
                "--key", certificates.clientKey,
            ]
        }
        if let user = settings.users.min(by: { $0.key < $1.key }) {
            options += ["--username", user.key, "--password", user.value]
        }
        return options
    }
}
