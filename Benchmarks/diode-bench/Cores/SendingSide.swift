import Crypto
import DiodeProtocol
import FEC
import MQTT
import SenderOT
import Time
import MQTTProtocol
import SenderOTCore

/// The sender between broker and socket: records in, frames out. SenderCore and TransmissionEncoder as the daemon runs
/// them, on one thread, without journal and pacing.
struct SendingSide: ~Copyable {
    static let start = UnixMilliseconds(rawValue: 1_763_716_000_000)

    let card: LinkCard
    private(set) var arena: FrameArena
    private var core: SenderCore
    private var encoder: TransmissionEncoder
    private var published = 0
    private var now = MonotonicInstant(nanoseconds: 1_000_000_000)

    /// - Parameter seal: what blocks are sealed for; nil: they are not.
    init(_ geometry: BlockGeometry, seal: SealKey? = nil) throws {
        var signer = try Ed25519Signer()
        let card = try LinkCard(link: "bench", signer: &signer, lowestEpoch: Epoch(rawValue: 1), issued: Self.start)
        let policy = ExportPolicy(rules: [ExportPolicy.Rule(filter: try TopicFilter("acme/#"))])
        let settings = SenderCore.Settings(policy: policy, geometry: geometry)
        let sealer: BlockSealer? = if let seal { try BlockSealer(for: seal.publicKey) } else { nil }
        // Nothing may throw from here on, where the move-only properties get their values.
        self.card = card
        arena = FrameArena()
        core = SenderCore(
            epoch: Epoch(rawValue: Self.start.rawValue), incarnation: Incarnation(rawValue: 1), settings: settings,
            sealer: sealer, now: now)
        encoder = TransmissionEncoder(signer: signer)
        // The first beat is due at once; its time stands still, so there is no second one.
        core.advance(now: now, time: Self.start)
        while core.nextClosedBlock() != nil {}
    }

    /// Publishes records until the next block is full.
    mutating func nextBlock(of records: RecordSet) -> ClosedBlock {
        while true {
            if let block = core.nextClosedBlock() { return block }
            let topic = records.topic(published)
            let payload = records.payload(published)
            core.accept(
                SenderCore.Publication(
                    topic: topic.span.bytes, payload: payload.span.bytes, qos: .atLeastOnce, retain: false),
                delivery: nil, now: now, time: Self.start)
            published += 1
        }
    }

    /// Publishes one record and closes its block, as a quiet plant's record leaves.
    mutating func loneBlock(of records: RecordSet) throws -> ClosedBlock {
        let topic = records.topic(published)
        let payload = records.payload(published)
        core.accept(
            SenderCore.Publication(
                topic: topic.span.bytes, payload: payload.span.bytes, qos: .atLeastOnce, retain: false),
            delivery: nil, now: now, time: Self.start)
        published += 1
        now = now.advanced(by: .milliseconds(20))
        core.advance(now: now, time: Self.start)
        while let block = core.nextClosedBlock() {
            // The clock of the beats stands still in content only: what is due meanwhile is left out.
            if block.id.channel == .live { return block }
        }
        throw WrongResult(name: "a lone record closes its block")
    }

    /// Of the frames in `arena`, from the IP header up.
    var wireBytes: Int { (0..<arena.frameCount).reduce(0) { $0 + arena.frame($1).byteCount + 28 } }

    /// Makes the frames of a block; they stay in `arena` until the next call.
    mutating func encode(_ block: borrowing ClosedBlock) throws { try encoder.encode(block, into: &arena) }
}
