internal import Glibc
internal import MQTTProtocol
internal import Threading
public import Time

/// Notices that a server takes our connections for one client, as it does where the client identifier is made from user name
/// or certificate: each connection then ends the other one (MQTT 5 §3.1.4, session taken over).
///
/// ```text
///  helper connected ── main ends within a moment: taken over, or thrice without a word ─▶ displaced: no helpers ── after a while ─┐
///        │ (the end may be heard of first)                                                                                  │
///        ▲                                                                                                                  │
///        └──────────────────────────────────────────── a helper tries again ◀───────────────────────────────────────────────┘
/// ```
///
/// The main connection stays and works; helpers, which watch, fetch or speak for edge nodes, stay away.
public struct OwnConnections: Sendable {
    public enum Role: Sendable { case main, helper }

    /// How a connection ended.
    public enum Ending: Sendable {
        /// The broker says that its session was taken over (0x8E).
        case takenOver
        /// Closed without a word.
        case closed
        case otherwise
    }

    /// A connection that ends so soon after another one was accepted may have been ended by it.
    private static let moment = Duration.seconds(1)
    /// How long a connection stands undisturbed until a helper counts as tolerated.
    private static let probation = Duration.seconds(1)
    /// How long others wait for a helper, which the broker may not let in.
    private static let patience = Duration.seconds(3)
    /// Closings without a word that count as displacement, within `memory` of each other.
    private static let suspicions = 3
    /// What ends both connections within this is a network that failed: a displaced connection comes back later than that.
    private static let together = Duration.milliseconds(50)
    /// A server ends the one connection before it accepts the other: so much later the beginning may be heard of.
    private static let delay = Duration.milliseconds(300)
    private static let memory = Duration.seconds(60)
    /// After so long a helper tries again.
    private static let pause = Duration.seconds(600)

    private var connectedAt: [Role: MonotonicInstant] = [:]
    private var suspectedAt: [MonotonicInstant] = []
    /// An end that the beginning of the other connection may yet explain.
    private var unexplained: (role: Role, ending: Ending, at: MonotonicInstant)?
    /// When a helper tries again; nil while none stays away.
    public private(set) var retryAt: MonotonicInstant?
    /// When a helper began to try again; nil before the connections displaced each other.
    private var retriedAt: MonotonicInstant?
    /// A helper was accepted with a session that it did not leave there.
    private var isSuspect = false
    /// A helper was accepted beside the main connection, or stood beside it for a while.
    private var isTolerated = false

    public init() {}

    /// Whether helpers stay away.
    public var areDisplaced: Bool { retryAt != nil }

    /// Whether a helper may begin with an empty session: it is certain, as far as it can be, that it is not the main one's.
    /// - Parameter waited: who asks has been waiting for so long.
    public func mayStartClean(waited: Duration = .zero, now: MonotonicInstant) -> Bool {
        guard !areDisplaced else { return false }
        if isTolerated { return true }
        guard let since = connectedAt[.helper] else {
            // A helper that tries again needs its time, however long others have been waiting.
            return min(waited, retriedAt?.duration(to: now) ?? waited) > Self.patience
        }
        return now >= since.advanced(by: Self.probation)
    }

    /// - Parameter foundSession: whether the broker had a session for a helper, whose own sessions it keeps for a moment at most; nil if
    ///   it was not asked for one. None beside the main connection's shows that the two are two clients.
    /// - Returns: as of `ended`.
    public mutating func connected(_ role: Role, foundSession: Bool? = nil, now: MonotonicInstant) -> Bool {
        connectedAt[role] = now
        if role == .helper {
            isSuspect = foundSession == true
            if foundSession == false, connectedAt[.main] != nil { isTolerated = true }
        }
        guard !areDisplaced, let end = unexplained, end.role != role, now < end.at.advanced(by: Self.delay) else {
            return false
        }
        unexplained = nil
        return displaces(end.ending, now: now)
    }

    /// We ended it ourselves, which says nothing.
    public mutating func stopped(_ role: Role) { connectedAt[role] = nil }

    /// - Returns: whether it is known from now on that the connections displace each other.
    public mutating func ended(_ role: Role, _ ending: Ending, now: MonotonicInstant) -> Bool {
        let other: Role = role == .main ? .helper : .main
        if connectedAt[other] == nil {
            if let last = suspectedAt.last, now < last.advanced(by: Self.together) { suspectedAt.removeLast() }
            if let end = unexplained, end.role == other, now < end.at.advanced(by: Self.together) {
                (unexplained, connectedAt[role]) = (nil, nil)
                return false
            }
        }
        if let main = connectedAt[.main], let helper = connectedAt[.helper],
            max(main, helper).advanced(by: Self.probation) <= now
        {
            isTolerated = true
        }
        let wasAccepted = connectedAt[role] != nil
        let isCoincidence = connectedAt[other].map { now < $0.advanced(by: Self.moment) } ?? false
        connectedAt[role] = nil
        guard !areDisplaced, wasAccepted else { return false }
        guard isCoincidence else {
            unexplained = (role, ending, now)
            return false
        }
        return displaces(ending, now: now)
    }

    /// Judges an end beside which the other connection began.
    private mutating func displaces(_ ending: Ending, now: MonotonicInstant) -> Bool {
        switch ending {
        case .otherwise: return false
        case .takenOver: break
        case .closed:
            suspectedAt.removeAll { now >= $0.advanced(by: Self.memory) }
            suspectedAt.append(now)
            // Whom the broker has told apart from the main connection, only its own word makes one with it.
            guard !isTolerated, isSuspect || suspectedAt.count >= Self.suspicions else { return false }
        }
        retryAt = now.advanced(by: Self.pause)
        (suspectedAt, unexplained) = ([], nil)
        (isSuspect, isTolerated) = (false, false)
        return true
    }

    /// - Returns: whether a helper is to try again.
    public mutating func retry(now: MonotonicInstant) -> Bool {
        guard let at = retryAt, at <= now else { return false }
        (retryAt, retriedAt) = (nil, now)
        connectedAt[.helper] = nil
        return true
    }
}

extension OwnConnections.Ending {
    public init(_ error: ConnectionError) {
        switch error {
        case .session(.disconnected(.sessionTakenOver, _)): self = .takenOver
        case .closedByServer: self = .closed
        case .network(let error) where error.code == ECONNRESET || error.code == EPIPE: self = .closed
        default: self = .otherwise
        }
    }
}
