import Account
import Crypto
import DiodeProtocol
import Outbox
import ReceiverITCore
import ReceiverITStore
import Storage
import TestKit
import Threading
import Time

/// The receiver's store on a real file: what one of its transactions takes, the seal over its tables included (ADR 0024), by what it holds and by
/// what the file holds already, in processor time. The peer is one signature alone.
func benchStore() throws -> [BenchRow] {
    let signature = try signatureMicroseconds()
    var rows: [BenchRow] = []
    for topics in [1_000, 100_000] {
        for records in [1, 100, 1_000] {
            rows.append(
                try live(
                    "\(records == 1 ? "1 record" : "\(records) records"), \(topics) topics stored", records: records,
                    topics: topics, signature))
        }
    }
    rows.append(try checkpoint("1,000 topics' rows", topics: 1_000, transactions: 100, nameBytes: 30, signature))
    rows.append(
        try checkpoint("10 rows of 65,000-byte topics", topics: 10, transactions: 20, nameBytes: 65_000, signature))
    rows.append(try gaps(signature))
    rows.append(try lastValues("8 MiB of last values of 60 bytes", payloadBytes: 60, signature))
    rows.append(try lastValues("8 MiB of last values of 256 KiB", payloadBytes: 256 << 10, signature))
    return rows + [try start()]
}

private func signatureMicroseconds() throws -> Double {
    var signer = try Ed25519Signer()
    let message = [UInt8](repeating: 7, count: 1_500)
    return try Timing.medianSeconds(runs: 101) {
        try Timing.processorSeconds { _ = try signer.sign(message.span.bytes) }
    } * 1e6
}

/// What the store thread has, with one link.
private final class StoreRig {
    private let folder: TemporaryDirectory
    let path: String
    let queue: DeliveryQueue
    var link: StoreLink
    private var file: StoreFile
    private let time = UnixMilliseconds(rawValue: 1_763_716_000_000)
    private var spent: [Double] = []

    init(limitBytes: Int = 1 << 30) throws {
        let folder = try TemporaryDirectory("bench-store")
        let path = folder.file("recv.db")
        let database = try Database(path: path, schema: StoreSchema.schema)
        let id = try LinkLoader.id(of: "plant-a", fingerprint: "SHA256:bench", in: database)
        let queue = try DeliveryQueue(
            link: id, limits: .init(bytes: limitBytes),
            database: OutboxDatabase(path: path, schema: StoreSchema.schema))
        try queue.restore(from: database)
        let file = try StoreFile(database)
        self.folder = folder
        self.path = path
        self.queue = queue
        link = StoreLink(
            id: id, name: "plant-a", fingerprint: "SHA256:bench", queue: queue,
            checkpoint: OutboxPosition(rawValue: .max))
        self.file = file
    }

    /// One transaction, timed.
    func store(_ batch: StoreBatch) throws {
        spent.append(try Timing.processorSeconds { try file.store(batch, [link], at: time) })
        queue.committed()
    }

    /// Forgets what was timed so far.
    func warm() { spent.removeAll() }

    /// Seconds of a transaction, the median.
    var median: Double { spent.sorted()[spent.count / 2] }

    /// Topics with these numbers, as a checkpoint stores them.
    func storeTopics(_ numbers: Range<Int>, nameBytes: Int, version: UInt64) throws {
        var batch = StoreBatch(links: [StoreBatch.Link()])
        for number in numbers {
            var slot = ReplicaSlot()
            slot.state = .held
            slot.stamp = Stamp(epoch: StoredUnits.epoch, sequence: SequenceNumber(rawValue: version))
            slot.hash = Digest32(first: UInt64(number), second: version, third: 3, fourth: 4)
            let name = "acme/site/area/line/cell/\(number)"
            batch.links[0].changes.topics.append(
                TopicRow(
                    id: number,
                    name: Array(name.utf8)
                        + [UInt8](repeating: UInt8(ascii: "x"), count: max(0, nameBytes - name.utf8.count)),
                    retained: slot, event: slot, value: version, version: TopicVersion(rawValue: version)))
        }
        try store(batch)
    }

    /// Everything came to the IT broker.
    func settle() {
        queue.mqtt.settle(
            queue.mqtt.take(records: 10_000, bytes: .max).map {
                OutboxSettlement(position: $0.position, disposition: .published)
            })
    }
}

/// Records as they come: units, the epoch's row, the link's row, and what the IT broker has confirmed since.
private func live(_ name: String, records: Int, topics: Int, _ signature: Double) throws -> BenchRow {
    let rig = try StoreRig()
    for first in stride(from: 0, to: topics, by: 10_000) {
        try rig.storeTopics(first..<min(topics, first + 10_000), nameBytes: 30, version: 1)
    }
    let units = StoredUnits(topics: UInt64(topics))
    var sequence: UInt64 = 1
    for transaction in 0..<600 {
        if transaction == 100 { rig.warm() }
        let end = sequence + UInt64(records)
        var batch = StoreBatch(links: [StoreBatch.Link()])
        var row = LinkRow()
        row.tracker.nextGap = UInt64(transaction + 1)
        batch.links[0].changes.link = row
        batch.links[0].changes.tracker.tracks[StoredUnits.epoch] = track(upTo: end - 1)
        rig.queue.stage([try units.unit(from: sequence, to: end)])
        sequence = end
        try rig.store(batch)
        rig.settle()
    }
    return BenchRow(
        "a transaction: \(name)", rig.median * 1e6, "µs", peer: (name: "a signature alone", value: signature))
}

private func track(upTo sequence: UInt64) -> TrackRow {
    var account = EpochAccount()
    account.delivered = sequence
    let mark = EpochTrack.Mark(block: sequence, sequence: sequence)
    return TrackRow(
        epoch: StoredUnits.epoch, incarnation: Incarnation(rawValue: 1), firstSequence: 1, frontier: mark,
        account: account, announced: mark, shedRuns: [], isFinal: false,
        startedAt: UnixMilliseconds(rawValue: 1_763_716_000_000), wasUndurable: false)
}

/// Stamps of topics that are stored already.
private func checkpoint(
    _ name: String, topics: Int, transactions: Int, nameBytes: Int, _ signature: Double
) throws -> BenchRow {
    let rig = try StoreRig()
    for round in 0..<4 {
        if round == 2 { rig.warm() }
        for transaction in 0..<transactions {
            let first = transaction * topics
            try rig.storeTopics(first..<first + topics, nameBytes: nameBytes, version: UInt64(round + 1))
        }
    }
    return BenchRow(
        "a transaction: \(name)", rig.median * 1e6, "µs", peer: (name: "a signature alone", value: signature))
}

/// What a start adds: every table is counted anew and compared with the seal.
private func start() throws -> BenchRow {
    let rig = try StoreRig()
    for first in stride(from: 0, to: 100_000, by: 10_000) {
        try rig.storeTopics(first..<first + 10_000, nameBytes: 30, version: 1)
    }
    let seconds = try Timing.medianSeconds(runs: 5) {
        let database = try Database(path: rig.path, schema: StoreSchema.schema, access: .readOnly)
        try database.beginReading()
        return try Timing.processorSeconds {
            guard try SealCheck.verdict(in: database).defects.isEmpty else { throw WrongResult(name: "a seal") }
        }
    }
    return BenchRow("a start: 100,000 topics' rows compared with the seal", seconds * 1e3, "ms")
}

/// A gap that opens and closes with each transaction, beside 10,000 of before.
private func gaps(_ signature: Double) throws -> BenchRow {
    let rig = try StoreRig()
    let time = UnixMilliseconds(rawValue: 1_763_716_000_000)
    for number in 1...UInt64(10_500) {
        if number == 10_001 { rig.warm() }
        var batch = StoreBatch(links: [StoreBatch.Link()])
        let opened = gap(number, isHealed: false)
        let closed = gap(number, isHealed: true)
        batch.links[0].changes.tracker.gaps[number] = closed
        batch.entries = rig.link.notes.entries(of: [.gapOpened(opened), .gapClosed(closed)], at: time)
        try rig.store(batch)
    }
    return BenchRow(
        "a transaction: a gap in two entries", rig.median * 1e6, "µs",
        peer: (name: "a signature alone", value: signature))
}

private func gap(_ number: UInt64, isHealed: Bool) -> Gap {
    let time = UnixMilliseconds(rawValue: 1_763_716_000_000)
    return Gap(
        id: number, epoch: StoredUnits.epoch, firstSequence: SequenceNumber(rawValue: number * 20),
        lastSequence: SequenceNumber(rawValue: number * 20 + 9), firstBlock: BlockNumber(rawValue: number * 4),
        lastBlock: BlockNumber(rawValue: number * 4 + 1), openedAt: time, cause: .link,
        closedAt: isHealed ? time : nil, healedBy: isHealed ? .echo : nil, missing: isHealed ? 0 : 10, lost: 0)
}

/// Nobody publishes: units go to disk, and beyond the limit the last value of each topic is kept. All of it, for each record.
private func lastValues(_ name: String, payloadBytes: Int, _ signature: Double) throws -> BenchRow {
    let rig = try StoreRig(limitBytes: 8 << 20)
    let perUnit = max(1, min(100, 65_536 / payloadBytes))
    let records = (32 << 20) / (payloadBytes + 150)
    let units = StoredUnits(topics: UInt64(max(16, records / 8)), payloadBytes: payloadBytes)
    var sequence: UInt64 = 1
    var seconds = 0.0
    while sequence <= records {
        let staged = try (0..<max(1, 1_000 / perUnit / (payloadBytes > 1_000 ? 250 : 1))).map { _ in
            defer { sequence += UInt64(perUnit) }
            return try units.unit(from: sequence, to: sequence + UInt64(perUnit))
        }
        rig.queue.stage(staged)
        seconds += try Timing.processorSeconds { try rig.store(StoreBatch(links: [StoreBatch.Link()])) }
    }
    return BenchRow(
        "a record: \(name)", seconds * 1e6 / Double(sequence - 1), "µs",
        peer: (name: "a signature alone", value: signature))
}
