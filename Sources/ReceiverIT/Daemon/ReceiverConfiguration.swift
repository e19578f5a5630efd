public import Account
public import Configuration
public import DiodeProtocol
public import JSON
public import KeyFiles
internal import ReceiverITCore

/// Everything that `recv.json5` says, with defaults filled in. `deploy/examples/recv.json5` explains each key.
public struct ReceiverConfiguration: Sendable {
    /// One sender that is listened to.
    public struct Link: Sendable, Equatable {
        /// 1…64 of `A–Z a–z 0–9 . _ -`; no two links share one. Default `plant-a`.
        public let name: String
        /// The link cards, the public halves of the relation: one for each appliance that may send, the primary first; 1…8. The short form for one
        /// is `card`. They need not exist before `pair`. Default `<name>.card`.
        public let cards: [FilePath]
        /// 1…16 addresses, each for one interface or for all; links may share one. Default `127.0.0.1:7400`.
        public let listen: [ListeningAddress]
        /// Levels put before each topic of this link, without a slash at the end; empty: none, the default.
        public let topicPrefix: String
        /// What this link may publish, as topics of the IT broker; the rest goes to dead letters. Default `#`.
        public let own: [TopicPattern]
        /// Other names for its topics; the first that matches decides: 0…1,024. Default none.
        public let map: [Move]
        /// What comes at a higher QoS is published at this one: 0…2. Default 2.
        public let maximumQoS: Int
        /// The most live values of a topic; nil: as many as come. Default null.
        public let publishRate: MessageRate?
    }

    /// One entry of a link's map: a branch or a topic, and its name on the IT broker before the prefix.
    public struct Move: Sendable, Equatable {
        public let from: TopicPattern
        public let to: TopicPattern
    }

    /// What each link may take of this machine, whatever comes. Defaults are the core's.
    public struct Limits: Sendable {
        /// Topics whose stamps are kept: 1…10,000,000.
        public let topics: Int
        /// Signatures of unknown transmissions a second: 100…1,000,000.
        public let verifications: Int
        /// Symbols of partly received blocks: 1 MiB…16 GiB.
        public let partial: ByteSize
        /// Blocks that wait for those before them: 1 MiB…16 GiB.
        public let reorder: ByteSize
    }

    /// How Sparkplug edge nodes are spoken for on the IT broker (ADR 0016).
    public struct Sparkplug: Sendable {
        /// First levels of its topics: 1…16. Default `spBv1.0`.
        public let namespaces: [String]
        /// A node is born again on request at most this often: 100 ms…1 h. Default 1 s.
        public let rebirthInterval: Duration
        /// The host whose STATE on the IT broker decides whether nodes are born; nil, the default: they always are.
        public let primaryHost: String?
        /// Edge nodes of one link, each with a connection of its own: 1…100,000. Default 1,000.
        public let nodes: Int
        /// Their metrics: 1 MiB…1 TiB. Default 256 MiB.
        public let values: ByteSize
    }

    /// 1…256 links. No default.
    public let links: [Link]
    public let broker: BrokerSettings
    /// The database of replica, outbox and ledger. No default.
    public let state: FilePath
    /// How long a missing block may hold up what came after it: 0…60 s.
    public let reorderTimeout: Duration
    /// How long a link may be silent before it is stale: 100 ms…1 h.
    public let silenceTimeout: Duration
    /// How late beats may come before values count as old: 100 ms…1 d each, `stale` not below `degraded`.
    public let freshness: Freshness
    /// The receiver's private seal keys, the newest first: 0…2, two while one is being replaced. Default none: sealed blocks are refused.
    public let sealKeys: [FilePath]
    /// The most disk that waiting records take: 1 MiB…64 TiB. Default 4 GiB.
    public let outboxLimit: ByteSize
    /// The most disk that the account of gaps takes: 1 MiB…64 TiB. Default 1 GiB.
    public let ledgerLimit: ByteSize
    /// What becomes of a record that comes late and whose topic has moved on. Default `topic`.
    public let late: LatePolicy
    public let limits: Limits
    public let sparkplug: Sparkplug
    /// The status page; nil opens no port. Default 127.0.0.1:9470.
    public let status: StatusSettings?
    /// Every key with the value that holds, for `check` and for the ledger.
    public let effective: JSONValue

    /// Reads and checks a file.
    /// - Throws: one line that names file, place, key, reason and allowed range.
    public init(path: String) throws(ConfigError) {
        try self.init(file: ConfigFile(path: path))
    }

    /// Checks a file that was read.
    public init(file: ConfigFile) throws(ConfigError) {
        let (parts, effective) = try file.read(Parts.init)
        links = parts.links
        broker = parts.broker
        state = parts.state
        reorderTimeout = parts.reorderTimeout
        silenceTimeout = parts.silenceTimeout
        freshness = parts.freshness
        sealKeys = parts.sealKeys
        outboxLimit = parts.outboxLimit
        ledgerLimit = parts.ledgerLimit
        late = parts.late
        limits = parts.limits
        sparkplug = parts.sparkplug
        status = parts.status
        self.effective = effective
    }

    /// The links' cards, as far as there are any: what a sender signed can be verified with no other.
    public var readableCards: [LinkCard] {
        links.flatMap { link in
            link.cards.compactMap { path in
                do throws(ReceiverServiceError) { return try link.readCard(path) } catch {
                    return nil
                }
            }
        }
    }

    /// The same, as far as this account may read them: an audit does without.
    public var readableSealKeys: [SealKey] {
        sealKeys.compactMap { path in
            do throws(KeyFileError) { return SealKey(try KeyFile.readX25519(path.resolved)) } catch { return nil }
        }
    }

    /// The receiver's seal keys. Each file is its owner's alone, or it is refused.
    public func readSealKeys() throws(KeyFileError) -> [SealKey] {
        var keys: [SealKey] = []
        for path in sealKeys { keys.append(SealKey(try KeyFile.readX25519(path.resolved))) }
        return keys
    }

    /// The keys of the file in their order, before the effective configuration is known.
    private struct Parts {
        let links: [Link]
        let broker: BrokerSettings
        let state: FilePath
        let reorderTimeout: Duration
        let silenceTimeout: Duration
        let freshness: Freshness
        let sealKeys: [FilePath]
        let outboxLimit: ByteSize
        let ledgerLimit: ByteSize
        let late: LatePolicy
        let limits: Limits
        let sparkplug: Sparkplug
        let status: StatusSettings?

        init(_ file: inout ConfigSection) throws(ConfigError) {
            let core = ReceiverCore.Settings()
            links = try file.sections("links", count: 1...256, Link.init)
            try Self.checkLinks(links, file)
            broker = try file.requiredSection("broker", BrokerSettings.init)
            state = try file.required("state", .path)
            reorderTimeout = try file.value(
                "reorder_timeout", .duration(.zero...(.seconds(60))), default: core.reorderWindow)
            silenceTimeout = try file.value(
                "silence_timeout", .duration(.milliseconds(100)...(.seconds(3_600))), default: core.silenceTimeout)
            freshness = try file.section("freshness", Freshness.init)
            sealKeys = try file.list("seal_keys", of: .path, count: 0...2, default: [])
            outboxLimit = try file.section("outbox") { (outbox: inout ConfigSection) throws(ConfigError) in
                try outbox.value("limit", .bytes(.mebibytes(1)...(.tebibytes(64))), default: .gibibytes(4))
            }
            ledgerLimit = try file.section("ledger") { (ledger: inout ConfigSection) throws(ConfigError) in
                try ledger.value("limit", .bytes(.mebibytes(1)...(.tebibytes(64))), default: .gibibytes(1))
            }
            late = try file.value("late", .oneOf, default: .topic)
            limits = try file.section("limits", Limits.init)
            sparkplug = try file.section("sparkplug", Sparkplug.init)
            status = try file.optionalSection("status") { (status: inout ConfigSection) throws(ConfigError) in
                try StatusSettings(&status, standardPort: 9_470)
            }
        }

        /// Two links must not be able to write the same topic (D14): their prefixes differ and do not nest, or
        /// what they own is disjoint.
        private static func checkLinks(_ links: [Link], _ file: ConfigSection) throws(ConfigError) {
            for (index, link) in links.enumerated() {
                for other in links[..<index] {
                    guard link.name != other.name else {
                        throw file.error("links[\(index)].name", "\"\(link.name)\" names two links")
                    }
                    let paths = Set(other.cards.map(\.resolved))
                    if let shared = link.cards.first(where: { paths.contains($0.resolved) }) {
                        throw file.error("links[\(index)].card", "\(shared) is a card of \"\(other.name)\" too")
                    }
                    guard link.isApart(from: other) else {
                        throw file.error(
                            "links[\(index)].topic_prefix",
                            "\"\(link.name)\" and \"\(other.name)\" could write one topic",
                            allowed: "prefixes that differ and do not nest, or \"own\" filters that are disjoint")
                    }
                }
            }
        }
    }
}

extension Freshness {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        let standard = Freshness()
        let range = ConfigKind.duration(.milliseconds(100)...(.seconds(86_400)))
        self.init(
            degraded: try section.value("degraded", range, default: standard.degraded),
            stale: try section.value("stale", range, default: standard.stale))
        guard degraded <= stale else {
            throw section.error(
                "stale", "values are stale before they are late", allowed: "degraded (\(degraded.words)) or more")
        }
    }
}

extension ReceiverConfiguration.Limits {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        let core = ReceiverCore.Settings()
        topics = try section.value("topics", .integer(1...10_000_000), default: core.topics)
        verifications = try section.value(
            "verifications", .integer(100...1_000_000), default: core.verificationsPerSecond)
        partial = try section.value(
            "partial", .bytes(.mebibytes(1)...(.gibibytes(16))), default: ByteSize(bytes: UInt64(core.assemblyBytes)))
        reorder = try section.value(
            "reorder", .bytes(.mebibytes(1)...(.gibibytes(16))), default: ByteSize(bytes: UInt64(core.reorderBytes)))
    }
}

extension ReceiverConfiguration.Sparkplug {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        namespaces = try section.list("namespaces", of: .topicLevel, count: 1...16, default: ["spBv1.0"])
        rebirthInterval = try section.value(
            "rebirth_interval", .duration(.milliseconds(100)...(.seconds(3_600))), default: .seconds(1))
        primaryHost = try section.optional("primary_host", .topicLevel)
        nodes = try section.value("nodes", .integer(1...100_000), default: 1_000)
        values = try section.value("values", .bytes(.mebibytes(1)...(.tebibytes(1))), default: .mebibytes(256))
    }
}

extension ReceiverConfiguration.Move {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        from = try section.required("from", .topicPattern)
        to = try section.required("to", .topicPattern)
        for (key, pattern) in [("from", from), ("to", to)] {
            let first = pattern.description.split(separator: "/", omittingEmptySubsequences: false).first ?? ""
            guard !pattern.description.contains("+"), !first.hasPrefix("$"),
                !["diode", "spBv1.0", "STATE"].contains(first)
            else {
                throw section.error(
                    key, "\"\(pattern)\" cannot be moved or given",
                    allowed: "a topic or a branch \"…/#\", without +, not below $, diode, spBv1.0 or STATE")
            }
        }
        guard from.description.hasSuffix("#") == to.description.hasSuffix("#") else {
            throw section.error("to", "a branch becomes a branch, and a topic a topic", allowed: "both with #, or none")
        }
    }
}

extension ReceiverConfiguration.Link {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        name = try section.value("name", .linkName, default: "plant-a")
        if section.isGiven("cards") {
            guard !section.isGiven("card") else {
                throw section.error("cards", "\"card\" is the short form of it", allowed: "one of the two")
            }
            cards = try section.list("cards", of: .path, count: 1...8)
        } else {
            cards = [try section.file("card", default: "\(name).card")]
        }
        for (index, path) in cards.enumerated() where cards[..<index].contains(where: { $0.resolved == path.resolved })
        {
            throw section.error("cards[\(index)]", "\(path) stands there twice", allowed: "a card for each appliance")
        }
        listen = try section.list(
            "listen", of: .listeningAddress, count: 1...16, default: ["127.0.0.1:7400"])
        topicPrefix = try section.value("topic_prefix", .topicPrefix, default: "")
        own = try section.list("own", of: .topicPattern, count: 0...1_024, default: ["#"])
        map = try section.sections("map", count: 0...1_024, default: [], ReceiverConfiguration.Move.init)
        for (index, move) in map.enumerated() {
            guard let other = map[..<index].firstIndex(where: { $0.to.overlaps(move.to) }) else { continue }
            throw section.error(
                "map[\(index)].to", "a topic could get a name that map[\(other)] gives, too",
                allowed: "targets that do not meet")
        }
        maximumQoS = try section.value("max_qos", .integer(0...2), default: 2)
        publishRate = try section.optional("publish_rate", .messageRate)
    }

    /// Reads its cards.
    /// - Throws: `card`, `cardOfAnotherLink`, or `sameKey`.
    func readCards() throws(ReceiverServiceError) -> [LinkCard] {
        var found: [LinkCard] = []
        for path in cards {
            let card = try readCard(path)
            guard !found.contains(where: { $0.key == card.key }) else { throw .sameKey(link: name, other: name) }
            found.append(card)
        }
        return found
    }

    fileprivate func readCard(_ path: FilePath) throws(ReceiverServiceError) -> LinkCard {
        let found: LinkCard
        do throws(CardFileError) { found = try CardFile.read(path.resolved) } catch {
            throw .card(link: name, error)
        }
        guard found.link == name else {
            throw .cardOfAnotherLink(link: name, path: path.resolved, named: found.link)
        }
        return found
    }

    /// Reads which keys of it nobody follows any more: beside the first card, whichever card they belong to.
    /// - Throws: `revoked`.
    func readRevocations() throws(ReceiverServiceError) -> [Revocation] {
        do throws(RevocationFileError) { return try RevocationFile.read(besideCard: cards[0].resolved) } catch {
            throw .revoked(link: name, error)
        }
    }

    /// Whether no topic can come from both.
    fileprivate func isApart(from other: ReceiverConfiguration.Link) -> Bool {
        let (mine, theirs) = (topicPrefix + "/", other.topicPrefix + "/")
        let isUnder =
            topicPrefix.isEmpty || other.topicPrefix.isEmpty || mine.hasPrefix(theirs) || theirs.hasPrefix(mine)
        return !isUnder || !own.contains { pattern in other.own.contains { $0.overlaps(pattern) } }
    }
}
