internal import Glibc
internal import JSON
internal import Time

/// One client of the daemon: lines in, lines out. It reads nothing while an answer waits to be written, so a client that
/// does not read costs one answer and no more.
struct ControlSession {
    /// The longest request, newline included: a resend bundle of 64 KiB as a JSON string fits.
    static let maximumRequestBytes = 131_072

    enum State: Equatable {
        case reading
        /// An answer waits for room in the socket.
        case writing
        case closed
    }

    let descriptor: Int32
    let peer: ControlPeer
    private var request: [UInt8] = []
    private var answer: ArraySlice<UInt8> = []
    private var ended = false
    /// When the client last sent or took something.
    private(set) var lastMove: MonotonicInstant

    init(_ descriptor: Int32, peer: ControlPeer, now: MonotonicInstant) {
        self.descriptor = descriptor
        self.peer = peer
        lastMove = now
    }

    /// Reads, answers and writes as far as that goes without waiting.
    mutating func advance(now: MonotonicInstant, _ reply: (JSONValue, ControlPeer) -> JSONValue) -> State {
        lastMove = now
        while true {
            guard flush() else { return .closed }
            guard answer.isEmpty else { return .writing }
            if let end = request.firstIndex(of: 0x0A) {
                let line = Array(request[..<end])
                request.removeSubrange(...end)
                answer = Array((answer(to: line, reply).line + "\n").utf8)[...]
                continue
            }
            guard !ended else { return .closed }
            guard request.count < Self.maximumRequestBytes else {
                answer = Array("{\"error\":\"a request has at most \(Self.maximumRequestBytes) bytes\"}\n".utf8)[...]
                ended = true
                request.removeAll()
                continue
            }
            guard receive() else { return .reading }
        }
    }

    private func answer(to line: [UInt8], _ reply: (JSONValue, ControlPeer) -> JSONValue) -> JSONValue {
        do throws(JSON5Error) { return reply(try JSON5Reader.value(of: line), peer) } catch {
            return ["error": .text("no request: \(error)")]
        }
    }

    /// - Returns: whether something came, the end included.
    private mutating func receive() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let room = min(chunk.count, Self.maximumRequestBytes - request.count)
        let count = recv(descriptor, &chunk, room, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN || errno == EINTR { return false }
        if count > 0 { request += chunk[..<count] } else { ended = true }
        return true
    }

    /// - Returns: whether the client is still there.
    private mutating func flush() -> Bool {
        while !answer.isEmpty {
            let count = answer.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            answer.removeFirst(count)
        }
        return true
    }
}
