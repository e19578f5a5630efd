package import Account

/// What comes and is refused since the newest beat: of a link from which nothing else is heard it is the reason. Counts of sockets are among
/// them, so those around the core ask it.
package struct RejectionWatch: Sendable {
    /// As of the look behind the newest at which there was a new beat: the same beat comes twice where a link has two paths.
    private var heard = ReceiverCounters()
    private var isFresh = false

    package init() {}

    /// - Parameter counters: of this process, with those of the listening sockets.
    /// - Returns: the kind that most frames were of; nil: none was refused.
    package mutating func look(at counters: ReceiverCounters) -> LinkFacts.Rejected? {
        let isNew = counters.beatBlocks != heard.beatBlocks
        if isNew || isFresh { heard = counters }
        isFresh = isNew
        var most: LinkFacts.Rejected?
        for kind in LinkFacts.Rejected.Kind.allCases {
            let counter = Self.counter(kind)
            let frames = counters[keyPath: counter].minus(heard[keyPath: counter])
            if frames > most?.frames ?? 0 { most = LinkFacts.Rejected(kind, frames: frames) }
        }
        return most
    }

    private static func counter(_ kind: LinkFacts.Rejected.Kind) -> KeyPath<ReceiverCounters, UInt64> {
        switch kind {
        case .unknownLink: \.unknownLink
        case .formerKey: \.formerKey
        case .revokedKey: \.revokedKey
        case .badSignature: \.badSignature
        case .version: \.version
        case .replayed: \.replayed
        case .overBudget: \.overBudget
        case .malformed: \.malformed
        }
    }
}
