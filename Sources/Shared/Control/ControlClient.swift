internal import Glibc
public import JSON
internal import Threading

/// Asks the daemon that runs on a state, and waits for its answer.
public enum ControlClient {
    /// The longest answer.
    public static let maximumAnswerBytes = 16 << 20

    /// Sends one request and reads one answer.
    /// - Parameters:
    ///   - state: the daemon's state file.
    ///   - timeout: the longest wait for each step.
    /// - Throws: `unreachable` when no daemon runs there, `timedOut`, or `malformed`.
    public static func ask(
        state: String, _ request: JSONValue, timeout: Duration = .seconds(5)
    ) throws(ControlError) -> JSONValue {
        let path = ControlSocket.path(ofState: state)
        let descriptor = try ControlSocket.connect(to: path, timeout: timeout)
        defer { close(descriptor) }
        try send(Array((request.line + "\n").utf8), descriptor, path)
        let line = try receive(descriptor, path)
        do throws(JSON5Error) { return try JSON5Reader.value(of: line) } catch {
            throw .malformed(path: path, reason: "\(error)")
        }
    }

    private static func send(_ bytes: [UInt8], _ descriptor: Int32, _ path: String) throws(ControlError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw failure("send", path) }
            rest.removeFirst(count)
        }
    }

    private static func receive(_ descriptor: Int32, _ path: String) throws(ControlError) -> [UInt8] {
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while line.count <= maximumAnswerBytes {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count >= 0 else { throw failure("recv", path) }
            guard count > 0 else { throw .malformed(path: path, reason: "the connection was closed") }
            line += chunk[..<count]
            if line.last == 0x0A { return line.dropLast() }
        }
        throw .malformed(path: path, reason: "more than \(maximumAnswerBytes) bytes")
    }

    private static func failure(_ call: String, _ path: String) -> ControlError {
        let error = SystemError.last(call)
        return error.code == EAGAIN ? .timedOut(path: path) : .unreachable(path: path, error)
    }
}
