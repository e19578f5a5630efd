/// Compares what a fetch of the retained set found with what the broker says that it retains (ADR 0018).
///
/// ```text
///  fetch ends ──▶ uptime ──▶ uptime ──▶ uptime ──▶ withheld = count − the broker's own topics − found − come since
///  found          │ a count from after the end     the smaller of two, so that topics that come and go meanwhile are no alarm
/// ```
///
/// A topic that is first retained while a fetch runs is counted by the broker, and the fetch may have passed its place. So a shortfall is a
/// question first: the retained set is fetched once more, and only what that fetch does not find either is withheld.
///
/// A broker that tells no count says nothing. It is judged once for each fetch: what the export policy keeps out is not seen later on.
package struct RetainedShortfall: Sendable {
    /// The broker's own topics that are told apart; mosquitto has about a hundred.
    private static let ownTopicsLimit = 4_096

    private var count: Int?
    private var ownTopics: Set<Int> = []
    private var found: (topics: Int, retained: Int)?
    private var ticks = 0
    private var retainedBefore = 0
    private var firstAnswer = 0
    /// What the fetch before seemed to lack; 0: nothing.
    private var suspected = 0
    /// The retained set has to be fetched once more before anything is said.
    package private(set) var wantsFetch = false
    /// How many retained topics the last fetch that was judged did not find; nil before one was.
    package private(set) var withheld: Int?

    package init() {}

    /// The most that a count is believed: what is beyond cannot be, and would not fit the differences below.
    private static let mostTopics = 1 << 40

    /// The broker tells how many messages it retains, its own included. It is the broker's word, which may be any number.
    package mutating func hear(count: Int) { self.count = min(max(count, 0), Self.mostTopics) }

    /// The broker retains a topic of its own, of which only the hash is kept.
    package mutating func hear(ownTopic hash: Int) {
        if ownTopics.count < Self.ownTopicsLimit { ownTopics.insert(hash) }
    }

    /// The broker tells nothing any more; what it tells next, it tells from the beginning.
    package mutating func disconnected() {
        count = nil
        ownTopics.removeAll()
        found = nil
    }

    /// A fetch has found so many topics.
    /// - Parameters:
    ///   - retained: how many retained values are held.
    ///   - before: how many were when the fetch began. A fetch that is to confirm a shortfall finds nearly nothing that is not held, so that
    ///     what is held more was first retained meanwhile.
    package mutating func fetched(topics: Int, retained: Int, before: Int) {
        found = (topics, suspected > 0 ? min(before, retained) : retained)
        ticks = 0
        wantsFetch = false
    }

    /// An interval of the broker begins: what it told before is the last one's.
    /// - Parameter retained: how many retained values are held now.
    /// - Returns: what is withheld, when that was judged just now.
    package mutating func tick(retained: Int) -> Int? {
        defer { retainedBefore = retained }
        guard let found, let count else { return nil }
        ticks += 1
        guard ticks > 1 else { return nil }
        let come = max(retained, retainedBefore) - found.retained
        let answer = max(0, count - ownTopics.count - found.topics - come)
        guard ticks > 2 else {
            firstAnswer = answer
            return nil
        }
        self.found = nil
        let lacking = min(answer, firstAnswer)
        defer { suspected = lacking }
        guard lacking == 0 || suspected > 0 else {
            wantsFetch = true
            return nil
        }
        withheld = min(lacking, suspected)
        return withheld
    }
}
