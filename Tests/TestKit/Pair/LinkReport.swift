import Foundation

/// What `diode-recv status --json` says about one link, as far as tests and demo ask for it.
public struct LinkReport: Sendable, Decodable {
    /// The account of records, by the names of the audit.
    public var totals: [String: Int]
    public var counters: [String: Int]
    public var rejected: [String: Int]
    public var gaps: [Gap]
    public var replica: Replica
    private var link: State

    private struct State: Decodable, Sendable {
        var state: String
    }

    /// `online`, `degraded`, `stale` or `offline`.
    public var state: String { link.state }

    /// Records that are missing, and what is known about why.
    public struct Gap: Sendable, Decodable {
        public var epoch: UInt64
        public var first: UInt64
        public var last: UInt64
        public var state: String
        public var cause: String
        public var missing: Int?

        private enum CodingKeys: String, CodingKey {
            case epoch, state, cause, missing
            case first = "first_sequence"
            case last = "last_sequence"
        }
    }

    /// How the receiver's replica compares.
    public struct Replica: Sendable, Decodable {
        public var topics: Int
        public var settled: Bool
        public var digestMatches: Bool?
        public var itMatches: Bool?

        private enum CodingKeys: String, CodingKey {
            case topics, settled
            case digestMatches = "digest_matches"
            case itMatches = "it_matches"
        }
    }

    /// A number of `totals`; 0 when it is not there.
    public func total(_ name: String) -> Int { totals[name] ?? 0 }

    private struct Answer: Decodable {
        var links: [LinkReport]
    }

    /// Takes the first link of what was printed.
    init(status: Finished) throws {
        guard let first = try JSONDecoder().decode(Answer.self, from: Foundation.Data(status.output.utf8)).links.first
        else { throw CommandFailed(description: "status names no link: \(status.output)\(status.errors)") }
        self = first
    }
}

extension DiodePair {
    /// The receiver's account of the link.
    public func report() async throws -> LinkReport { try LinkReport(status: try await status(.receiver)) }
}
