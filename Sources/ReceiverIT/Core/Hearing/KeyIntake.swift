internal import Crypto
internal import DiodeProtocol
internal import Time

/// Which key speaks for a link, and the statements by which it changes (ADR 0031).
///
/// ```text
///  datagram of channel 3 ─▶ read ─▶ known? ─▶ budget ─▶ KeyChain.follow ─▶ another key is in use
/// ```
///
/// Whoever invents statements costs a verification each, at most `perSecond` of them.
struct KeyIntake: Sendable {
    /// What came of a statement.
    enum Outcome {
        case followed(Rotation)
        /// It is part of the chain: the sender repeats it.
        case repeated
        case malformed, version, overBudget
        /// Nobody who has a key of this link has signed it.
        case forged
        /// Somebody who has one did, and it leads nowhere.
        case refused(RotationError)
    }

    private static let perSecond = 10

    private(set) var chain: KeyChain
    private var left = perSecond
    private var refillAt = MonotonicInstant.distantPast

    init(_ chain: KeyChain) { self.chain = chain }

    var link: LinkFingerprint { chain.inUse.linkFingerprint }

    mutating func receive(_ bytes: RawSpan, now: MonotonicInstant) -> Outcome {
        let rotation: Rotation
        do throws(FrameError) { rotation = try Rotation(decoding: bytes) } catch {
            return error.counter == .version ? .version : .malformed
        }
        if chain.contains(rotation) { return .repeated }
        if refillAt <= now {
            left = Self.perSecond
            refillAt = now.advanced(by: .seconds(1))
        }
        guard left > 0 else { return .overBudget }
        left -= 1
        do throws(RotationError) {
            try chain.follow(rotation)
            return .followed(rotation)
        } catch { return error.isSigned ? .refused(error) : .forged }
    }
}
