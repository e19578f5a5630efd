internal import Configuration
internal import Glibc

/// Runs one command and ends with its exit code.
public enum Program {
    /// A command that could not do its work; one line that says what and where.
    public struct Failure: Error, Sendable {
        public let message: String
        public let code: ExitCode

        public init(_ message: String, code: ExitCode = .failure) {
            self.message = message
            self.code = code
        }

        /// An error whose description is such a line.
        public init(_ error: some Error & CustomStringConvertible, code: ExitCode = .failure) {
            self.init(error.description, code: code)
        }
    }

    /// Reads the command line and runs what it asks for.
    /// - Parameters:
    ///   - arguments: those of the process, the program's name first.
    ///   - run: does the work of a command.
    /// - Returns: the exit code; what went wrong stands on standard error.
    public static func run(
        _ arguments: [String], as language: CommandLanguage, _ run: (Invocation) throws -> ExitCode
    ) -> ExitCode {
        do {
            switch try CommandLineReader.read(Array(arguments.dropFirst()), as: language) {
            case .help(nil): return answer(HelpText.page(of: language))
            case .help(let command?): return answer(HelpText.page(of: command, in: language))
            case .version: return answer("\(language.program) \(ProgramVersion.number)\n")
            case .invoke(let invocation): return try run(invocation)
            }
        } catch {
            return complain(error, language.program)
        }
    }

    private static func answer(_ text: String) -> ExitCode { Terminal.write(text) ? .success : .failure }

    private static func complain(_ error: any Error, _ program: String) -> ExitCode {
        switch error {
        case let error as UsageError:
            Terminal.complain("\(program): \(error)")
            return .usage
        case let error as ConfigError:
            Terminal.complain("\(program): \(error)")
            return .usage
        case let failure as Failure:
            Terminal.complain("\(program): \(failure.message)")
            return failure.code
        default:
            Terminal.complain("\(program): \(error)")
            return .failure
        }
    }
}
