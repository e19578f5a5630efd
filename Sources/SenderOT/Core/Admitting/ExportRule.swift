public import MQTTProtocol

extension ExportPolicy {
    /// One entry of `export`: a filter and its exceptions, and on what terms its topics cross.
    public struct Rule: Sendable, Equatable {
        /// Topics that may cross.
        public let filter: TopicFilter
        /// Topics among them that may not.
        public let exceptions: [TopicFilter]
        /// The least time between two records of a topic; nil: none.
        public let interval: Duration?
        /// How much a number has to change; nil: it need not.
        public let deadband: Deadband?
        /// The most bytes of a payload; nil: as many as a record may have.
        public let maximumPayloadBytes: Int?
        /// Stands before each topic, with a slash at its end; empty: none.
        public let prefix: [UInt8]

        /// - Parameter prefix: levels, the slash at the end left out.
        public init(
            filter: TopicFilter, exceptions: [TopicFilter] = [], interval: Duration? = nil, deadband: Deadband? = nil,
            maximumPayloadBytes: Int? = nil, prefix: String = ""
        ) {
            self.filter = filter
            self.exceptions = exceptions
            self.interval = interval
            self.deadband = deadband
            self.maximumPayloadBytes = maximumPayloadBytes
            self.prefix = prefix.isEmpty ? [] : Array("\(prefix)/".utf8)
        }

        func exports(_ topic: RawSpan) -> Bool {
            guard filter.matches(topic) else { return false }
            for exception in exceptions where exception.matches(topic) { return false }
            return true
        }

        /// Whether every message that the rule exports crosses as it is.
        var isPlain: Bool { interval == nil && deadband == nil && maximumPayloadBytes == nil && prefix.isEmpty }

        /// Whether a topic of this rule and another topic of the other could have one name on the link.
        package func meets(_ other: Rule) -> Bool {
            guard prefix != other.prefix else { return false }
            do throws(TopicFilter.Fault) { return try target.overlaps(other.target) } catch { return true }
        }

        /// Its topics as they are on the link.
        private var target: TopicFilter {
            get throws(TopicFilter.Fault) {
                try TopicFilter(String(decoding: prefix, as: UTF8.self) + filter.description)
            }
        }

        /// Whether only Sparkplug topics of this namespace match.
        package func isOnly(_ namespace: String) -> Bool {
            filter.description == namespace || filter.description.hasPrefix("\(namespace)/")
        }
    }
}
