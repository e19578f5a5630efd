internal import DiodeProtocol
internal import EventLog
internal import MQTT
internal import SenderOTCore
internal import Threading

/// Turns what the OT broker retains no more into deletions, as far as that can be believed (D6): one lost broker
/// database must not empty the IT namespace.
///
/// ```text
///                                       few are gone                        deleted
/// a complete ─▶ each topic asked for ─┬───────────────▶ deletions are records ──────▶ nothing held
/// fetch         by itself: absent     └───────────────▶ held, alarmed ──accept──▶ ┘
///                                       many are gone        └── the next complete fetch decides anew
/// ```
final class DeletionReconciler: Sendable {
    /// Deletions that wait for an operator.
    private struct Held {
        let topics: [NamespaceSlots.TopicID]
        let began: Stamp
        let retained: Int
    }

    private struct State {
        var held: Held?
        /// The next fetch is believed, whatever it lacks.
        var isAccepted: Bool
        /// What was not shown and is asked for, in the order of the questions.
        var asked: [NamespaceSlots.TopicID] = []
        /// How many topics stayed in doubt.
        var undecided = 0
    }

    /// Topics that were shown and vouch for the answers.
    private static let witnesses = 64

    private let hold: SenderConfiguration.DeletionHold
    private let intake: Intake
    private let log: EventLog
    private let state: Lock<State>

    /// - Parameters:
    ///   - hold: how many deletions at once are believed.
    ///   - isAccepted: an operator released deletions while no daemon ran.
    init(hold: SenderConfiguration.DeletionHold, isAccepted: Bool, intake: Intake, log: EventLog) {
        self.hold = hold
        self.intake = intake
        self.log = log
        state = Lock(State(isAccepted: isAccepted))
    }

    /// What an operator should know, one line each.
    var alarms: [String] {
        state.withLock { state in
            let held = state.held.map {
                "\($0.topics.count) of \($0.retained) retained values are gone from the OT broker; their deletion is held:"
                    + " diode-send accept-deletions"
            }
            let undecided =
                "the OT broker did not show \(state.undecided) retained values, nor that they are gone; they stay on the IT side"
            return [held, state.undecided > 0 ? undecided : nil].compactMap(\.self)
        }
    }

    /// Whether topics stayed in doubt, so that another fetch is due.
    var isUndecided: Bool { state.withLock { $0.undecided > 0 } }

    /// What a fetch did not show, to be asked for topic by topic.
    /// - Parameter began: the newest stamp when it began.
    func doubts(since began: Stamp) -> RetainedDoubts {
        let named = intake.plantNames(of: intake.unseenTopics(since: began).topics)
        state.withLock { $0.asked = named.map(\.id) }
        let witnesses = named.isEmpty ? [] : intake.plantNames(of: intake.shownTopics(Self.witnesses)).map(\.name)
        return RetainedDoubts(topics: named.map(\.name), witnesses: witnesses)
    }

    /// A fetch that lacks nothing has ended.
    /// - Parameters:
    ///   - began: the newest stamp when it began; what came since is not judged.
    ///   - report: which of the doubts were proven.
    func reconcile(since began: Stamp, _ report: RetainedSetReport) {
        let (unseen, retained) = intake.unseenTopics(since: began)
        let asked = state.withLock { state in
            defer { state.asked = [] }
            state.undecided = report.undecided
            return state.asked
        }
        let proven = Set(report.absent.filter(asked.indices.contains).map { asked[$0] })
        let topics = unseen.filter(proven.contains)
        let isHeld = state.withLock { state in
            let isHeld = !state.isAccepted && hold.holds(topics.count, of: retained)
            state.held = isHeld ? Held(topics: topics, began: began, retained: retained) : nil
            state.isAccepted = false
            return isHeld
        }
        if report.undecided > 0 {
            log.warning(
                "deletions.undecided", "retained values were neither shown nor proven to be gone; they stay",
                ["topics": .number(report.undecided)])
        }
        guard isHeld else { return delete(topics, since: began) }
        log.error(
            "deletions.held", "so many retained values are gone from the OT broker that their deletion is held",
            ["topics": .number(topics.count), "of": .number(retained), "release": "diode-send accept-deletions"])
    }

    /// Releases what is held.
    /// - Returns: how many topics that were.
    func accept() -> Int {
        guard let held = state.withLock({ $0.held.take() }) else { return 0 }
        delete(held.topics, since: held.began)
        return held.topics.count
    }

    private func delete(_ topics: [NamespaceSlots.TopicID], since began: Stamp) {
        guard !topics.isEmpty else { return }
        intake.deleteUnseen(topics, since: began)
        log.notice(
            "deletions.reconciled", "retained values that are gone from the OT broker were deleted",
            ["topics": .number(topics.count)])
    }
}
