internal import DiodeProtocol
internal import EventLog
internal import SenderOTCore
internal import Threading

/// Turns what the OT broker retains no more into deletions, as far as that can be believed (D6): one lost broker
/// database must not empty the IT namespace.
///
/// ```text
///                 few are gone                        deleted
/// a complete ──┬───────────────▶ deletions are records ──────▶ nothing held
/// fetch        └───────────────▶ held, alarmed ──accept──▶ ┘
///                 many are gone        └── the next complete fetch decides anew
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
    }

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

    /// What an operator should know, in one line.
    var alarm: String? {
        state.withLock { $0.held }.map {
            "\($0.topics.count) of \($0.retained) retained values are gone from the OT broker; their deletion is held:"
                + " diode-send accept-deletions"
        }
    }

    /// A fetch that lacks nothing has ended.
    /// - Parameter began: the newest stamp when it began; what came since is not judged.
    func reconcile(since began: Stamp) {
        let (topics, retained) = intake.unseenTopics(since: began)
        let isHeld = state.withLock { state in
            let isHeld = !state.isAccepted && topics.count > hold.limit(of: retained)
            state.held = isHeld ? Held(topics: topics, began: began, retained: retained) : nil
            state.isAccepted = false
            return isHeld
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
