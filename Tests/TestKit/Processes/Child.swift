public import Glibc
import Foundation
import Threading

/// A process that a test started: its output in files, its end awaited, and never left behind.
///
/// When the object goes, the process gets SIGTERM and, after two seconds, SIGKILL. When the whole test run dies, it is killed.
public final class Child: Sendable {
    public enum Exit: Sendable, Equatable, CustomStringConvertible {
        case code(Int32)
        case signal(Int32)

        public var description: String {
            switch self {
            case .code(let code): "exit \(code)"
            case .signal(let signal): "killed by signal \(signal)"
            }
        }
    }

    /// The process did not end in time.
    public struct StillRunning: Error, CustomStringConvertible {
        public let description: String
    }

    public let name: String
    public let processID: pid_t
    private let folder: TemporaryDirectory
    private let will: Int
    private let exit = Lock<Exit?>(nil)

    /// Starts a program.
    /// - Parameters:
    ///   - arguments: the program and its arguments. A name without a slash is looked for in the usual folders.
    ///   - environment: set over this process's own.
    ///   - input: what it reads from standard input; by default nothing.
    ///   - namespace: the network namespace it runs in, this process's own by default.
    public init(
        _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
        namespace: Namespace? = nil
    ) throws {
        folder = try TemporaryDirectory("child")
        var words = arguments
        if let program = words.first { words[0] = try Executable.find(program) }
        if let namespace {
            words = namespace.prefix + words
            words[0] = try Executable.find(words[0])
        }
        name = arguments.first.map { ($0 as NSString).lastPathComponent } ?? "?"
        var order = SpawnOrder(arguments: words)
        order.environment = environment
        order.standardOutput = folder.file("stdout")
        order.standardError = folder.file("stderr")
        if let input {
            try input.write(toFile: folder.file("stdin"), atomically: false, encoding: .utf8)
            order.standardInput = .file(folder.file("stdin"))
        }
        processID = try order.spawn()
        will = LastWill.shared.add("kill -9 \(processID)")
    }

    deinit {
        guard poll() == nil else { return }
        send(SIGCONT)
        send(SIGTERM)
        for _ in 0..<400 {
            if poll() != nil { return }
            usleep(5_000)
        }
        send(SIGKILL)
        while poll() == nil { usleep(1_000) }
    }

    /// What it printed so far.
    public var output: String { read("stdout") }
    /// What it printed to standard error so far.
    public var errors: String { read("stderr") }
    /// The lines of `output` that are complete.
    public var lines: [Substring] {
        var lines = output.split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast()
        return lines
    }

    public var isRunning: Bool { poll() == nil }

    /// How it ended, or nil while it runs.
    @discardableResult
    public func poll() -> Exit? {
        exit.withLock { exit in
            if exit != nil { return exit }
            var status: Int32 = 0
            guard waitpid(processID, &status, WNOHANG) == processID else { return nil }
            // The macros WIFSIGNALED and friends are not imported: the low seven bits are the signal.
            exit = status & 0x7F == 0 ? .code((status >> 8) & 0xFF) : .signal(status & 0x7F)
            LastWill.shared.drop(will)
            return exit
        }
    }

    /// Sends a signal, unless it has ended.
    public func send(_ signal: Int32) {
        exit.withLock { if $0 == nil { _ = kill(processID, signal) } }
    }

    /// Waits for the end.
    /// - Throws: `StillRunning` with what it printed to standard error.
    @discardableResult
    public func wait(_ timeout: Duration = .seconds(20)) async throws -> Exit {
        if await eventually(timeout, { self.poll() != nil }), let exit = poll() { return exit }
        throw StillRunning(description: "\(name) still runs after \(timeout); standard error: \(errors.suffix(2_000))")
    }

    /// Asks it to end (SIGTERM) and waits for that.
    @discardableResult
    public func terminate(_ timeout: Duration = .seconds(20)) async throws -> Exit {
        send(SIGTERM)
        return try await wait(timeout)
    }

    /// Ends it as a power cut would (SIGKILL) and waits for that.
    @discardableResult
    public func kill9() async throws -> Exit {
        send(SIGKILL)
        return try await wait()
    }

    private func read(_ file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: folder.file(file)) ?? Foundation.Data(), as: UTF8.self)
    }
}

/// A command that ran to its end.
public struct Finished: Sendable {
    public let exit: Child.Exit
    public let output: String
    public let errors: String
    public var succeeded: Bool { exit == .code(0) }
}

/// A command that a test needs went wrong.
public struct CommandFailed: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}

/// Runs a command to its end.
public func run(
    _ arguments: [String], environment: [String: String] = [:], input: String? = nil, namespace: Namespace? = nil,
    timeout: Duration = .seconds(30)
) async throws -> Finished {
    let child = try Child(arguments, environment: environment, input: input, namespace: namespace)
    let exit = try await child.wait(timeout)
    return Finished(exit: exit, output: child.output, errors: child.errors)
}

/// Runs a command that must succeed, and returns what it printed.
/// - Throws: `CommandFailed` with its exit and standard error.
@discardableResult
public func runSuccessfully(
    _ arguments: [String], environment: [String: String] = [:], input: String? = nil, namespace: Namespace? = nil,
    timeout: Duration = .seconds(30)
) async throws -> String {
    let finished = try await run(
        arguments, environment: environment, input: input, namespace: namespace, timeout: timeout)
    guard finished.succeeded else {
        throw CommandFailed(
            description: "\(arguments.joined(separator: " ")): \(finished.exit): \(finished.errors.suffix(2_000))")
    }
    return finished.output
}
