internal import Crypto
internal import DiodeProtocol
internal import EventLog
internal import Ledger
internal import Threading
internal import Time

/// Where the threads that tell people find the newest signed head.
final class HeadBoard: Sendable {
    private let head = Lock<String?>(nil)

    /// As ``NotedHead`` writes it, with its signature; nil before the first.
    var shown: String? { head.withLock { $0 } }

    func show(_ text: String) { head.withLock { $0 = text } }
}

/// Signs the ledger's head about once a minute, once it survives a loss of power: a head that is noted elsewhere is one that this
/// ledger will always have.
struct HeadWitness: ~Copyable {
    static let period = Duration.seconds(60)

    private var signer: Ed25519Signer
    private let board: HeadBoard
    private let log: EventLog
    private var next = MonotonicInstant(nanoseconds: 0)
    private var signed = LedgerHead.empty

    init(_ signer: consuming Ed25519Signer, board: HeadBoard, log: EventLog) {
        self.signer = signer
        self.board = board
        self.log = log
    }

    /// The ledger was synced up to this head.
    mutating func note(_ head: LedgerHead, now: MonotonicInstant) {
        guard next <= now, head != signed, head.number > 0 else { return }
        next = now.advanced(by: Self.period)
        signed = head
        do throws(CryptoError) {
            let noted = try NotedHead(head, signer: &signer)
            board.show(noted.text)
            log.info("ledger.head", "what --verify --head takes", ["head": .text(noted.text)])
        } catch {
            log.error("ledger.unsigned", "the head cannot be signed: \(error)")
        }
    }
}
