internal import Glibc
internal import Threading

/// Where a server may be: an address and port as the kernel wants it, and in words.
struct SocketAddress: Sendable {
    fileprivate var storage = sockaddr_storage()
    fileprivate var length: socklen_t = 0
    /// `192.0.2.1:1883` or `[2001:db8::1]:1883`.
    fileprivate(set) var text = ""

    var family: Int32 { Int32(storage.ss_family) }

    /// Starts to connect a socket of this address's family.
    /// - Returns: what `connect` returned.
    func connect(_ descriptor: Int32) -> Int32 {
        // The kernel reads `length` bytes, which were copied into `storage` as a whole.
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
        }
    }
}

/// Looks up a host's addresses on a thread of its own, because the system's resolver cannot be interrupted. If nobody
/// waits any more, the answer is dropped.
final class AddressResolver: Sendable {
    /// Signalled when `answer` is there.
    let finished: Wakeup
    private let result = Lock<Result<[SocketAddress], ConnectionError>?>(nil)

    /// Starts the look-up.
    init(host: String, port: UInt16) throws(SystemError) {
        finished = try Wakeup()
        _ = try WorkerThread(name: "mqtt-resolve") { [result, finished] in
            let answer: Result<[SocketAddress], ConnectionError>
            do throws(ConnectionError) {
                answer = .success(try Self.addresses(host: host, port: port, flags: 0))
            } catch {
                answer = .failure(error)
            }
            result.withLock { $0 = answer }
            finished.signal()
        }
    }

    /// The addresses, or why there are none; nil before `finished`.
    var answer: Result<[SocketAddress], ConnectionError>? { result.withLock { $0 } }

    /// The address that a literal is; nil if it is a name.
    static func literal(_ host: String, port: UInt16) -> [SocketAddress]? {
        guard let found = try? addresses(host: host, port: port, flags: AI_NUMERICHOST), !found.isEmpty else {
            return nil
        }
        return found
    }

    /// In the order in which the system prefers them (RFC 6724).
    private static func addresses(host: String, port: UInt16, flags: Int32) throws(ConnectionError)
        -> [SocketAddress]
    {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw .resolve(host: host, reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let source = entry.ai_addr, Int(entry.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size else {
                continue
            }
            var address = SocketAddress()
            address.length = entry.ai_addrlen
            // `ai_addr` has `ai_addrlen` bytes, and they fit: checked above.
            withUnsafeMutableBytes(of: &address.storage) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: Int(entry.ai_addrlen)))
            }
            address.text = text(source, entry.ai_addrlen, port)
            found.append(address)
        }
        guard !found.isEmpty else { throw .resolve(host: host, reason: "no address") }
        return found
    }

    private static func text(_ address: UnsafeMutablePointer<sockaddr>, _ length: socklen_t, _ port: UInt16)
        -> String
    {
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return "unknown address"
        }
        let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
