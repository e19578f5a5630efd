import DiodeProtocol
import FEC
import MQTT

@testable import SenderOT
@testable import SenderOTCore
import MQTTProtocol
import Time

/// A core with its virtual clock, and everything that came out of it.
final class CoreRig {
    var core: SenderCore
    var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    var blocks: [ClosedBlock] = []
    var beats: [ClosedBlock] = []
    var slices: [SnapshotSlice] = []
    var stream = ReadStream()

    init(
        exporting filters: [String] = ["#"], mtu: Int = 1_500, epoch: Epoch = Epoch(rawValue: 7),
        slots: consuming NamespaceSlots? = nil,
        _ change: (inout SenderCore.Settings) -> Void = { _ in }
    ) throws {
        let geometry = BlockGeometry(
            framing: EthernetFraming(mtuBytes: mtu), repair: .init(share: 0.2, minimum: 4))
        var settings = SenderCore.Settings(policy: try policy(filters), geometry: geometry)
        change(&settings)
        core = SenderCore(
            epoch: epoch, incarnation: Incarnation(rawValue: 99), settings: settings, slots: slots, now: now)
    }

    var time: UnixMilliseconds { UnixMilliseconds(rawValue: 1_700_000_000_000 + now.nanoseconds / 1_000_000) }

    @discardableResult
    func publish(
        _ topic: String, _ payload: [UInt8], properties: [UInt8] = [], qos: QualityOfService = .atLeastOnce,
        retain: Bool = false, delivery: UInt64? = nil, packet: UInt16 = 0
    ) -> SenderCore.Outcome {
        let topic = Array(topic.utf8)
        let publication = SenderCore.Publication(
            topic: topic.span.bytes, payload: payload.span.bytes, properties: properties.span.bytes, qos: qos,
            retain: retain)
        return core.accept(
            publication, delivery: delivery.map { DeliveryTicket(rawValue: $0) }, packet: packet, now: now,
            time: time)
    }

    func publishFetched(
        _ topic: String, _ payload: [UInt8], properties: [UInt8] = [], since: Stamp
    ) -> SenderCore.Outcome {
        let topic = Array(topic.utf8)
        let publication = SenderCore.Publication(
            topic: topic.span.bytes, payload: payload.span.bytes, properties: properties.span.bytes, qos: .atLeastOnce,
            retain: true)
        return core.acceptFetched(publication, since: since, now: now, time: time)
    }

    func endGulp(idle: Bool) throws {
        core.endGulp(idle: idle, now: now)
        try collect()
    }

    func pass(_ duration: Duration) throws {
        now = now.advanced(by: duration)
        core.advance(now: now, time: time)
        try collect()
    }

    /// Lets time pass from deadline to deadline.
    func run(_ duration: Duration) throws {
        let end = now.advanced(by: duration)
        while core.nextDeadline < end {
            now = max(now, core.nextDeadline)
            try pass(.zero)
        }
        now = end
        try pass(.zero)
    }

    func collect() throws {
        while let slice = core.nextSlice() { slices.append(slice) }
        while let block = core.nextClosedBlock() {
            guard block.id.channel == .live else {
                beats.append(block)
                continue
            }
            try stream.read(block)
            blocks.append(block)
        }
    }
}

/// An export policy of filters alone.
func policy(_ filters: [String]) throws -> ExportPolicy {
    try ExportPolicy(rules: filters.map { .init(filter: try .init($0)) })
}
