public import Configuration
public import JSON
internal import MQTT
public import SenderOTCore
internal import SenderOTJournal

/// Everything that `send.json5` says, with defaults filled in. `deploy/examples/send.json5` explains each key.
public struct SenderConfiguration: Sendable {
    /// One physical diode of the link, as the sender sees it.
    public struct Path: Sendable, Equatable {
        /// Where the frames go. Default `127.0.0.1:7400`.
        public let to: Endpoint
        /// The network interface they leave by; nil: the routing table's.
        public let interface: String?
        /// The address they come from; nil: the routing table's.
        public let source: String?
        /// The MAC address of the far side, kept as a permanent neighbour entry, since nobody answers ARP; nil: none.
        public let neighbour: String?
        /// Ethernet bits a second of this path; nil: the link's rate.
        public let rate: BitRate?
    }

    /// The link and its identity.
    public struct Link: Sendable, Equatable {
        /// 1…64 of `A–Z a–z 0–9 . _ -`. Default `plant-a`.
        public let name: String
        /// The private key. Default `<name>.key`.
        public let key: FilePath
        /// The seal card of the receiver: blocks are encrypted for it. nil, the default: they go as they are.
        public let seal: FilePath?
        /// 1…16 paths; each frame goes over all of them.
        public let paths: [Path]
        /// Ethernet bits a second, preamble and gap included: 10 kbit/s…100 Gbit/s. No default.
        public let rate: BitRate
        /// Bytes of an IP packet: 576…9,216. Default 1,500.
        public let mtu: Int
    }

    /// Forward error correction and its delays.
    public struct FEC: Sendable, Equatable {
        /// Repair symbols per source symbol: 0…200 %. Default 20 %.
        public let repair: Percentage
        /// Fewest repair symbols from K = 2 on: 0…100. Default 4.
        public let minRepair: Int
        /// The longest a record waits for its block to fill under load: 0…1 s. Default 2 ms.
        public let flush: Duration
        /// How long after the source symbols the repair symbols may leave: 0…1 s. Default 5 ms.
        public let repairSpread: Duration
    }

    /// The journal of sent blocks.
    public struct Journal: Sendable, Equatable {
        /// How long a block is kept: 1 min…3,650 d. Default 7 d.
        public let keep: Duration
        /// The most disk it takes: 1 MiB…64 TiB. Default 64 GiB.
        public let limit: ByteSize
        /// What it leaves free on its file system: 0…64 TiB. Default 2 GiB.
        public let minFree: ByteSize
    }

    /// What happens when commits fail (ADR 0009).
    public enum OnDiskFull: String, CaseIterable, Sendable {
        /// Go on from memory, named `unjournalled`. The default.
        case forward
        /// Stop acknowledging to the broker.
        case hold
    }

    /// What a plant may fill; what is beyond is numbered, shed and named.
    public struct Limits: Sendable {
        /// Topics whose values are kept: 1…10,000,000. Default 1,000,000.
        public let topics: Int
        /// Names and values of all of them: 1 MiB…1 TiB. Default 2 GiB.
        public let values: ByteSize
        /// The largest record: 1 KiB…1 MiB. Default 1 MiB.
        public let record: ByteSize
    }

    /// Up to how many topics absence is believed to be deletion (D6): the larger of the two.
    public struct DeletionHold: Sendable, Equatable {
        /// 0…100,000,000. Default 100.
        public let topics: Int
        /// Of the topics held: 0…100 %. Default 5 %.
        public let share: Percentage

        /// The smallest number of deletions that is held for being more than half of all.
        private static let smallestMajority = 3

        /// Whether so many deletions at once wait for an operator: more than the limit; or all there are, or most of them, because a
        /// broker that lost its database shows nothing of what was known, however little that was.
        func holds(_ gone: Int, of retained: Int) -> Bool {
            guard gone > 0 else { return false }
            let isMost = gone >= Self.smallestMajority && gone > retained / 2
            return gone > limit(of: retained) || gone >= retained || isMost
        }

        /// How many deletions at once are believed, among so many retained values.
        func limit(of retained: Int) -> Int {
            max(topics, retained / 10_000 * share.basisPoints + retained % 10_000 * share.basisPoints / 10_000)
        }
    }

    /// What is understood of Sparkplug (ADR 0016).
    public struct Sparkplug: Sendable, Equatable {
        /// First levels of its topics: 1…16. Commands under `spBv1.0` never cross, whatever stands here. Default `spBv1.0`.
        public let namespaces: [String]
        /// Whether edge nodes are asked for a birth where their state is not sure. Default true.
        public let requestsRebirth: Bool
        /// How long the OT broker may be away until its edge nodes count as dead: 1 s…24 h. Default 10 s.
        public let brokerLost: Duration
        /// How long an edge node may be silent after it was asked for a birth, until it counts as dead: 1 s…24 h. Default 30 s.
        public let silence: Duration
        /// Edge nodes whose state is kept: 1…100,000. Default 1,000.
        public let nodes: Int
        /// All their metrics: 1 MiB…1 TiB. Default 256 MiB.
        public let values: ByteSize
    }

    public let link: Link
    public let broker: BrokerSettings
    /// What may cross; an empty list exports nothing. No default.
    public let export: [ExportPolicy.Rule]
    /// The database of journal and state. No default.
    public let state: FilePath
    public let fec: FEC
    /// Offsets of the repetitions from the first transmission, ascending: 0…16 of 1 ms…365 d. Default 1 s, 30 s, 10 min,
    /// 1 h.
    public let echo: [Duration]
    public let journal: Journal
    public let onDiskFull: OnDiskFull
    public let deletionHold: DeletionHold
    /// How long one round of the carousel should take: 100 ms…24 h. Default 30 s.
    public let snapshotPeriod: Duration
    /// Between two beats: 10 ms…60 s. Default 1 s.
    public let beat: Duration
    public let limits: Limits
    public let sparkplug: Sparkplug
    /// The status page; nil opens no port. Default 127.0.0.1:9471.
    public let status: StatusSettings?
    /// Every key with the value that holds, for `check` and for the fingerprint in the beat.
    public let effective: JSONValue

    /// Reads and checks a file.
    /// - Throws: one line that names file, place, key, reason and allowed range.
    public init(path: String) throws(ConfigError) {
        try self.init(file: ConfigFile(path: path))
    }

    /// Checks a file that was read.
    public init(file: ConfigFile) throws(ConfigError) {
        let (parts, effective) = try file.read(Parts.init)
        link = parts.link
        broker = parts.broker
        export = parts.export
        state = parts.state
        fec = parts.fec
        echo = parts.echo
        journal = parts.journal
        onDiskFull = parts.onDiskFull
        deletionHold = parts.deletionHold
        snapshotPeriod = parts.snapshotPeriod
        beat = parts.beat
        limits = parts.limits
        sparkplug = parts.sparkplug
        status = parts.status
        self.effective = effective
    }

    /// The keys of the file in their order, before the effective configuration is known.
    private struct Parts {
        let link: Link
        let broker: BrokerSettings
        let export: [ExportPolicy.Rule]
        let state: FilePath
        let fec: FEC
        let echo: [Duration]
        let journal: Journal
        let onDiskFull: OnDiskFull
        let deletionHold: DeletionHold
        let snapshotPeriod: Duration
        let beat: Duration
        let limits: Limits
        let sparkplug: Sparkplug
        let status: StatusSettings?

        init(_ file: inout ConfigSection) throws(ConfigError) {
            link = try file.requiredSection("link", Link.init)
            broker = try file.requiredSection("broker", BrokerSettings.init)
            export = try file.sections("export", count: 0...1_024, ExportPolicy.Rule.init)
            state = try file.required("state", .path)
            fec = try file.section("fec", FEC.init)
            echo = try file.list(
                "echo", of: .duration(.milliseconds(1)...(.seconds(365 * 86_400))), count: 0...16,
                default: ["1s", "30s", "10m", "1h"])
            guard zip(echo, echo.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw file.error("echo", "the offsets do not ascend", allowed: "each longer than the one before it")
            }
            journal = try file.section("journal", Journal.init)
            onDiskFull = try file.value("on_disk_full", .oneOf, default: .forward)
            deletionHold = try file.section("deletions") { (deletions: inout ConfigSection) throws(ConfigError) in
                try deletions.section("hold", DeletionHold.init)
            }
            snapshotPeriod = try file.section("snapshot") { (snapshot: inout ConfigSection) throws(ConfigError) in
                try snapshot.value(
                    "period", .duration(.milliseconds(100)...(.seconds(86_400))), default: .seconds(30))
            }
            beat = try file.value("beat", .duration(.milliseconds(10)...(.seconds(60))), default: .seconds(1))
            limits = try file.section("limits", Limits.init)
            sparkplug = try file.section("sparkplug", Sparkplug.init)
            try ExportPolicy.Rule.check(export, namespaces: sparkplug.namespaces, file)
            status = try file.optionalSection("status") { (status: inout ConfigSection) throws(ConfigError) in
                try StatusSettings(&status, standardPort: 9_471)
            }
        }
    }
}

extension SenderConfiguration.Link {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        name = try section.value("name", .linkName, default: "plant-a")
        key = try section.file("key", default: "\(name).key")
        seal = try section.optional("seal", .path)
        paths = try section.sections(
            "paths", count: 1...16, shorthand: "to", default: ["127.0.0.1:7400"], SenderConfiguration.Path.init)
        rate = try section.required("rate", .linkRate)
        mtu = try section.value("mtu", .integer(576...9_216), default: 1_500)
    }
}

extension SenderConfiguration.Path {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        to = try section.required("to", .endpoint)
        interface = try section.optional("interface", .text(1...15))
        source = try section.optional("source", .text(1...253))
        neighbour = try section.optional("neighbour", .macAddress)
        rate = try section.optional("rate", .linkRate)
    }
}

extension SenderConfiguration.FEC {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        repair = try section.value("repair", .percentage(.percent(0)...(.percent(200))), default: .percent(20))
        minRepair = try section.value("min_repair", .integer(0...100), default: 4)
        flush = try section.value("flush", .duration(.zero...(.seconds(1))), default: .milliseconds(2))
        repairSpread = try section.value("repair_spread", .duration(.zero...(.seconds(1))), default: .milliseconds(5))
    }
}

extension SenderConfiguration.Journal {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        keep = try section.value(
            "keep", .duration(.seconds(60)...(.seconds(3_650 * 86_400))), default: .seconds(7 * 86_400))
        limit = try section.value("limit", .bytes(.mebibytes(1)...(.tebibytes(64))), default: .gibibytes(64))
        minFree = try section.value("min_free", .bytes(ByteSize(bytes: 0)...(.tebibytes(64))), default: .gibibytes(2))
    }
}

extension SenderConfiguration.Limits {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        topics = try section.value("topics", .integer(1...10_000_000), default: 1_000_000)
        values = try section.value("values", .bytes(.mebibytes(1)...(.tebibytes(1))), default: .gibibytes(2))
        record = try section.value("record", .bytes(.kibibytes(1)...(.mebibytes(1))), default: .mebibytes(1))
    }
}

extension SenderConfiguration.Sparkplug {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        namespaces = try section.list("namespaces", of: .topicLevel, count: 1...16, default: ["spBv1.0"])
        requestsRebirth = try section.value("request_rebirth", .flag, default: true)
        brokerLost = try section.value(
            "broker_lost", .duration(.seconds(1)...(.seconds(86_400))), default: .seconds(10))
        silence = try section.value("silence", .duration(.seconds(1)...(.seconds(86_400))), default: .seconds(30))
        nodes = try section.value("nodes", .integer(1...100_000), default: 1_000)
        values = try section.value("values", .bytes(.mebibytes(1)...(.tebibytes(1))), default: .mebibytes(256))
    }
}

extension SenderConfiguration.DeletionHold {
    fileprivate init(_ section: inout ConfigSection) throws(ConfigError) {
        topics = try section.value("topics", .integer(0...100_000_000), default: 100)
        share = try section.value("share", .percentage(.percent(0)...(.percent(100))), default: .percent(5))
    }
}

extension ConfigKind where Value == BitRate {
    fileprivate static var linkRate: ConfigKind {
        .rate(BitRate(bitsPerSecond: 10_000)...BitRate(bitsPerSecond: 100_000_000_000))
    }
}

extension ConfigKind where Value == String {
    fileprivate static var macAddress: ConfigKind {
        .init(
            allowed: "a MAC address, for example \"02:00:00:00:00:01\"",
            text: { text throws(ConfigFault) in
                let bytes = text.split(separator: ":", omittingEmptySubsequences: false)
                guard bytes.count == 6, bytes.allSatisfy({ $0.utf8.count == 2 && UInt8($0, radix: 16) != nil }) else {
                    throw ConfigFault("\"\(text.prefix(60))\" is no MAC address")
                }
                return text.lowercased()
            }, render: { $0 })
    }
}
