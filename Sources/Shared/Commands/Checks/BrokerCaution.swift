public import Configuration
internal import Glibc

/// What is unwise in how a broker is reached, although it works: told at each start and by `check`.
public enum BrokerCaution: Hashable, Sendable, CustomStringConvertible {
    /// Everybody on this machine may read a secret; its key in the configuration, its path and its permission bits.
    case readableByAll(key: String, path: String, mode: UInt32)
    /// User name and password cross a network unencrypted.
    case credentialsInClear(url: String)

    public var description: String {
        switch self {
        case .readableByAll(let key, let path, let mode):
            "broker.\(key) \(path): mode 0\(String(mode, radix: 8)) lets everybody on this machine read a secret"
                + " (chmod o-rwx \(path))"
        case .credentialsInClear(let url):
            "broker.username and its password go to \(url) unencrypted: anybody on the way can read them (mqtts:// encrypts)"
        }
    }

    /// What is to be said of these settings; empty: nothing.
    public static func all(_ broker: BrokerSettings) -> [BrokerCaution] {
        var found: [BrokerCaution] = []
        for (key, file) in [("key", broker.key), ("password_file", broker.passwordFile)] {
            guard let path = file?.resolved else { continue }
            var status = stat()
            // A file that is not there is another check's business.
            guard stat(path, &status) == 0, status.st_mode & 0o007 != 0 else { continue }
            found.append(.readableByAll(key: key, path: path, mode: status.st_mode & 0o777))
        }
        guard broker.username != nil else { return found }
        for url in broker.urls where !url.isSecure && !isLocal(url.host) {
            found.append(.credentialsInClear(url: url.description))
        }
        return found
    }

    /// Whether a host is this machine, as its name or address says.
    private static func isLocal(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }
}
