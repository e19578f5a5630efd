public import Crypto
internal import DatagramEmission
internal import Datagrams
public import SenderOTCore
internal import Synchronization
public import Threading
public import Time

/// The thread that encodes, paces and emits: transmissions in, datagrams out, many to a system call.
///
/// ```text
/// TransmissionQueue ─▶ TransmissionEncoder ─▶ source frames ─▶ Pacer ─▶ DatagramEmitter ─▶ diode
///                                        └─▶ repair frames, `repairSpread` later ─▶ ┘
/// ```
///
/// It never reads from the link. When the kernel refuses frames it holds them and tries again: what waits is safe in the
/// journal, and what was sent into a dead interface is not.
public final class FrameEmitter: Sendable {
    /// What the emitter is told once.
    public struct Settings: Sendable {
        public var bitsPerSecond: UInt64
        public var framing: EthernetFraming
        /// How long repair symbols wait after the last source symbol of their transmission. Costs up to 32 MiB of memory
        /// and no latency unless something is lost.
        public var repairSpread: Duration
        /// How far ahead of the link frames may be handed to the kernel.
        public var burst: Duration
        /// Datagrams that go out at the beginning and before each beat: how earlier keys have handed over (W-50).
        public var statements: [[UInt8]] = []

        public init(
            bitsPerSecond: UInt64, framing: EthernetFraming, repairSpread: Duration = .milliseconds(5),
            burst: Duration = .microseconds(250)
        ) {
            self.bitsPerSecond = bitsPerSecond
            self.framing = framing
            self.repairSpread = repairSpread
            self.burst = burst
        }
    }

    /// What has happened so far.
    public struct Counters: Sendable, Equatable {
        public var transmissions: UInt64 = 0
        public var frames: UInt64 = 0
        public var bytes: UInt64 = 0
        /// Frames that the kernel refused; each was tried again.
        public var refusedFrames: UInt64 = 0
        /// Transmissions that libcrypto refused to sign; each was tried again.
        public var signingFailures: UInt64 = 0
        /// Why frames are held now, in the kernel's or libcrypto's words; nil when they flow.
        public var failure: String?
        package var paths: [LinkPaths.Report] = []

        public init() {}
    }

    private let control: EmissionControl
    private let thread: WorkerThread

    /// Starts the thread.
    /// - Parameter paths: at least one; each frame goes over all of them.
    /// - Throws: when the system has no room for another thread.
    public init(
        _ settings: Settings, signer: consuming sending Ed25519Signer, paths: [LinkPath], queue: TransmissionQueue
    ) throws(SystemError) {
        let control = EmissionControl()
        self.control = control
        let loop = EmissionLoop(settings, signer: signer, paths: paths, queue: queue, control: control)
        thread = try WorkerThread(name: "emit", owning: loop) { loop in
            var loop = loop
            loop.run()
        }
    }

    /// How much has been sent, from any thread.
    public var progress: Counters { control.counters.withLock { $0 } }

    /// Waits until everything that was offered has been sent (call `finish` of the queue before), at most until
    /// `deadline`; what is left then is abandoned.
    public func drain(until deadline: MonotonicInstant) {
        control.deadline.store(deadline, ordering: .releasing)
        thread.join()
    }
}

/// What the emitter's thread shares with others.
final class EmissionControl: Sendable {
    let counters = Lock(FrameEmitter.Counters())
    /// When to stop whatever is left.
    let deadline = Atomic<MonotonicInstant>(.distantFuture)
}
