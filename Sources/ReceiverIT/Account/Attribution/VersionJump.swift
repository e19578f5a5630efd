public import DiodeProtocol

/// Records of one topic that are missing between two that are known (ADR 0013).
///
/// ```text
/// a topic's records    v7 │ gap │ … │ gap │ v10        versions 8 and 9 lie in gaps between the stamps of v7 and v10
///                   after                 before
/// ```
/// How many records they are is exact. In which of several gaps each of them lies nobody knows.
public struct VersionJump: Hashable, Sendable {
    public let topic: [UInt8]
    /// The versions that are missing.
    public let versions: ClosedRange<UInt64>
    /// The stamps of records of the topic that are known: the missing ones are newer than `after` and older than `before`.
    public let after, before: Stamp

    public init(topic: [UInt8], versions: ClosedRange<UInt64>, after: Stamp, before: Stamp) {
        self.topic = topic
        self.versions = versions
        self.after = after
        self.before = before
    }

    /// As many records of which neither the versions nor one common span is known, as an earlier release stored them: at most as many.
    package static func vague(_ topic: [UInt8], records: UInt64, after: Stamp, before: Stamp) -> VersionJump {
        VersionJump(topic: topic, versions: 0...max(1, records) - 1, after: after, before: before)
    }

    /// Versions begin at 1.
    public var isVague: Bool { versions.lowerBound == 0 }

    public var records: UInt64 { versions.upperBound.minus(versions.lowerBound).plus(1) }

    /// What tells it from others. Only one record shows a jump: the one with the stamp `before`.
    public struct Key: Hashable, Sendable {
        public let topic: [UInt8]
        public let before: Stamp
    }

    public var key: Key { Key(topic: topic, before: before) }

    /// Whether these records are among the missing ones.
    package func includes(_ came: ClosedRange<UInt64>, from: Stamp, through: Stamp) -> Bool {
        after < from && through < before && (isVague || versions.overlaps(came))
    }

    /// What is missing on either side of records that came.
    package func without(_ came: ClosedRange<UInt64>, from: Stamp, through: Stamp) -> [VersionJump] {
        guard !isVague else {
            let left = records.minus(came.upperBound.minus(came.lowerBound).plus(1))
            return left > 0 ? [.vague(topic, records: left, after: after, before: before)] : []
        }
        var left: [VersionJump] = []
        if versions.lowerBound < came.lowerBound {
            left.append(
                VersionJump(
                    topic: topic, versions: versions.lowerBound...came.lowerBound - 1, after: after, before: from))
        }
        if came.upperBound < versions.upperBound {
            left.append(
                VersionJump(
                    topic: topic, versions: came.upperBound + 1...versions.upperBound, after: through, before: before))
        }
        return left
    }
}
