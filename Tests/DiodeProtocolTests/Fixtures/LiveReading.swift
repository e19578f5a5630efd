import Crypto
import DiodeProtocol
import Time

/// An item of a live content as a value, with the names that the vectors use.
struct ItemRead: Decodable, Equatable {
    struct Entry: Decodable, Equatable {
        var topic: String
        var records, lastVersion: Decimal64
    }

    var kind: String
    var sequenceOffset: UInt64?
    var topic: String?
    var qos: UInt8?
    var retain, unjournalled, reconciled: Bool?
    var version, time: Decimal64?
    var properties, payload: Hex?
    var reason: Reason?
    var from, to: Decimal64?
    var entries: [Entry]?
    var digest: Hex?
    var versions, forgotten, topics, slots: Decimal64?
    var at: Decimal64?
    var what, detail: String?
    var resumed: Bool?
    var dropped: Decimal64?
    var unknown: UInt8?

    /// A shed run's number or an interval's text.
    enum Reason: Decodable, Equatable {
        case number(UInt8)
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(UInt8.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }

    init(kind: String, at offset: UInt64?) {
        self.kind = kind
        sequenceOffset = offset
    }

    init(_ record: borrowing RecordView, kind: String = "record", at offset: UInt64?) {
        self.init(kind: kind, at: offset)
        topic = String(decoding: record.topic.copied, as: UTF8.self)
        qos = record.flags.qos.rawValue
        retain = record.flags.retain
        unjournalled = record.flags.isUnjournalled
        reconciled = record.flags.isReconciled
        version = Decimal64(record.version.rawValue)
        time = Decimal64(record.time.rawValue)
        properties = Hex(record.properties.copied)
        payload = Hex(record.payload.copied)
    }

    init(_ item: borrowing LiveItem, at offset: UInt64) {
        switch item {
        case .record(let record): self.init(record, at: offset)
        case .shedRun(let run):
            self.init(kind: "shed", at: offset)
            reason = .number(run.reason.rawValue)
            from = Decimal64(run.from.rawValue)
            to = Decimal64(run.to.rawValue)
            entries = run.entries.map {
                Entry(
                    topic: $0.topic, records: Decimal64($0.records), lastVersion: Decimal64($0.lastVersion.rawValue))
            }
        case .checkpoint(let checkpoint):
            self.init(kind: "checkpoint", at: offset)
            digest = Hex(checkpoint.digest.bytes)
            versions = Decimal64(checkpoint.versions)
            forgotten = Decimal64(checkpoint.forgotten)
            topics = Decimal64(checkpoint.topics)
            slots = Decimal64(checkpoint.slots)
        case .action(let action):
            self.init(kind: "action", at: offset)
            at = Decimal64(action.at.rawValue)
            what = action.what
            detail = action.detail
        case .unobserved(let interval):
            self.init(kind: "unobserved", at: offset)
            from = Decimal64(interval.from.rawValue)
            to = Decimal64(interval.to.rawValue)
            resumed = interval.sessionResumed
            dropped = interval.dropped.map { Decimal64($0) }
            reason = .text(interval.reason)
        case .brokerDrop(let drop):
            self.init(kind: "drop", at: offset)
            from = Decimal64(drop.from.rawValue)
            to = Decimal64(drop.to.rawValue)
            dropped = drop.records.map { Decimal64($0) }
            reason = .number(drop.reason.rawValue)
        case .skipped(let kind):
            self.init(kind: "skipped", at: offset)
            unknown = kind
        }
    }
}

/// A live content, read and written again.
struct LiveRead {
    var items: [ItemRead] = []
    /// The same items encoded; the content itself if its encoding is the only one, unless some were skipped.
    var encoded: [UInt8] = []
    var skipped = false

    init(_ bytes: [UInt8], sequences: UInt64) throws(ContentError) {
        let content = try LiveContent(decoding: bytes.span.bytes, sequenceCount: sequences)
        var encoder = LiveContentEncoder()
        var items: [ItemRead] = []
        var skipped = false
        content.forEachItem { item, offset in
            items.append(ItemRead(item, at: offset))
            switch item {
            case .record(let record):
                encoder.append(
                    topic: record.topic, flags: record.flags, version: record.version, time: record.time,
                    properties: record.properties, payload: record.payload)
            case .shedRun(let run): encoder.append(run)
            case .checkpoint(let checkpoint): encoder.append(checkpoint)
            case .action(let action): encoder.append(action)
            case .unobserved(let unobserved): encoder.append(unobserved)
            case .brokerDrop(let drop): encoder.append(drop)
            case .skipped: skipped = true
            }
        }
        self.items = items
        self.skipped = skipped
        if !encoder.isEmpty { encoder.finish(into: &encoded) }
    }

    static func error(_ bytes: [UInt8], sequences: UInt64) -> ContentError? {
        do throws(ContentError) {
            _ = try LiveRead(bytes, sequences: sequences)
            return nil
        } catch {
            return error
        }
    }
}
