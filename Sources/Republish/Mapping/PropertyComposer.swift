internal import Deliveries
internal import DiodeProtocol
internal import MQTT
internal import MQTTProtocol
internal import Outbox
internal import Time

/// Puts together the properties of a publish: those of the plant in their order, with the message expiry interval run down,
/// and behind them ours: `diode-link`, `diode-ts`, `diode-seq`, `diode-late` where a record came late, `diode-refresh` where a value is
/// repeated because the IT broker does not retain it, and with a retained value the topic that it is written to, `diode-topic`.
///
/// What begins with `diode-` is ours alone: a property of the plant with such a name is renamed, `diode-x` to `plant-diode-x`, and counted.
struct PropertyComposer: Sendable {
    enum Outcome: Equatable {
        /// They are in `bytes`.
        case composed
        /// The message expiry interval ran out while the record waited.
        case expired
        /// The plant's list is not well-formed.
        case invalid
    }

    /// The composed list, without length prefix; used again for the next record.
    private(set) var bytes: [UInt8] = []
    /// Properties of the plant that were renamed.
    private(set) var renamed: UInt64 = 0
    /// What is left of the message expiry interval of the last delivery, in seconds; nil: it never ends.
    private(set) var secondsLeft: UInt32?
    private let link: [UInt8]
    /// `<epoch>:` of the newest record, and up to the seconds of the newest time: both change rarely.
    private var epoch = Epoch(rawValue: 0)
    private var epochText: [UInt8] = []
    private var second: UInt64 = .max
    private var secondText: [UInt8] = []

    init(link: String) {
        var writer = PropertyWriter()
        writer.appendUser("diode-link", link)
        self.link = writer.bytes
    }

    mutating func compose(_ delivery: borrowing Delivery, now: MonotonicInstant) -> Outcome {
        bytes.removeAll(keepingCapacity: true)
        secondsLeft = nil
        if !delivery.propertiesRange.isEmpty {
            let waited = max(0, (delivery.releasedAt.duration(to: now) + delivery.waitedBefore) / .seconds(1))
            let outcome = copy(
                delivery.properties, waitedSeconds: UInt32(min(waited, 4e9)), isDeletion: delivery.isDeletion)
            guard outcome == .composed else { return outcome }
        }
        bytes.append(contentsOf: link)
        appendTime(delivery.sourceTime)
        appendSequence(delivery.stamp)
        if delivery.isRefresh {
            appendUser("diode-refresh", value: [UInt8(ascii: "1")])
        } else if delivery.lateness != .none {
            appendUser("diode-late", value: [UInt8(ascii: "1")])
        }
        return .composed
    }

    private mutating func copy(_ list: RawSpan, waitedSeconds: UInt32, isDeletion: Bool) -> Outcome {
        var reader = PropertyReader(list)
        while !reader.isAtEnd {
            do throws(CodecError) {
                let property = try reader.next()
                if property.id == .messageExpiryInterval {
                    guard property.number > waitedSeconds else {
                        guard isDeletion else { return .expired }
                        // What it deletes is retained all the same.
                        secondsLeft = 0
                        continue
                    }
                    let left = property.number - waitedSeconds
                    secondsLeft = left
                    bytes.append(PropertyID.messageExpiryInterval.rawValue)
                    for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: left >> UInt32(shift))) }
                } else if property.id == .userProperty, Self.isOurs(property.bytes) {
                    rename(property.bytes, property.value)
                } else {
                    property.encoded.withUnsafeBytes { bytes.append(contentsOf: $0) }
                }
            } catch { return .invalid }
        }
        return .composed
    }

    private static func isOurs(_ name: RawSpan) -> Bool {
        name.withUnsafeBytes { $0.starts(with: "diode-".utf8) }
    }

    /// One whose name would become too long for MQTT is left out.
    private mutating func rename(_ name: RawSpan, _ value: RawSpan) {
        renamed += 1
        let prefix: StaticString = "plant-"
        guard name.byteCount + prefix.utf8CodeUnitCount <= Int(UInt16.max) else { return }
        bytes.append(PropertyID.userProperty.rawValue)
        appendLength(name.byteCount + prefix.utf8CodeUnitCount)
        prefix.withUTF8Buffer { bytes.append(contentsOf: $0) }
        name.withUnsafeBytes { bytes.append(contentsOf: $0) }
        appendLength(value.byteCount)
        value.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// Says behind the composed list to which topic a retained value is written: whoever copies it elsewhere, with its properties, shows that it
    /// is a copy.
    mutating func appendTopic(_ topic: [UInt8]) { appendUser("diode-topic", value: topic) }

    /// RFC 3339 with milliseconds; like `CalendarTime`, it shows times after the year 9999 as its last millisecond.
    private mutating func appendTime(_ sourceTime: UnixMilliseconds) {
        let time = min(sourceTime, Self.lastTime)
        if time.rawValue / 1_000 != second {
            second = time.rawValue / 1_000
            // Without milliseconds and the closing Z.
            secondText = Array(CalendarTime.text(UnixMilliseconds(rawValue: second * 1_000)).utf8.dropLast(4))
        }
        let fraction = UInt16(time.rawValue % 1_000)
        beginUser("diode-ts", valueBytes: secondText.count + 4)
        bytes.append(contentsOf: secondText)
        bytes.append(UInt8(ascii: "0") + UInt8(fraction / 100))
        bytes.append(UInt8(ascii: "0") + UInt8(fraction / 10 % 10))
        bytes.append(UInt8(ascii: "0") + UInt8(fraction % 10))
        bytes.append(UInt8(ascii: "Z"))
    }

    private static let lastTime = UnixMilliseconds(rawValue: 253_402_300_799_999)

    private mutating func appendSequence(_ stamp: Stamp) {
        if stamp.epoch != epoch {
            epoch = stamp.epoch
            epochText = Array("\(stamp.epoch.rawValue):".utf8)
        }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        var number = stamp.sequence.rawValue
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(number % 10)
            number /= 10
        } while number > 0
        beginUser("diode-seq", valueBytes: epochText.count + 20 - first)
        bytes.append(contentsOf: epochText)
        for index in first..<20 { bytes.append(digits[index]) }
    }

    private mutating func appendUser(_ name: StaticString, value: [UInt8]) {
        beginUser(name, valueBytes: value.count)
        bytes.append(contentsOf: value)
    }

    /// Identifier, name and the length of the value that follows (§2.2.2.2, §1.5.7).
    private mutating func beginUser(_ name: StaticString, valueBytes: Int) {
        bytes.append(PropertyID.userProperty.rawValue)
        appendLength(name.utf8CodeUnitCount)
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        appendLength(valueBytes)
    }

    private mutating func appendLength(_ count: Int) {
        bytes.append(UInt8(truncatingIfNeeded: count >> 8))
        bytes.append(UInt8(truncatingIfNeeded: count))
    }
}
