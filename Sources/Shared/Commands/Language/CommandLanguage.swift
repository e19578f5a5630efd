/// The commands and options of a program. `CommandLineReader` understands them, `HelpText` prints them.
public struct CommandLanguage: Sendable {
    /// `diode-send`.
    public let program: String
    /// What it is, in one line.
    public let summary: String
    public let commands: [Command]
    /// What every page of help ends with: where to read on.
    public let closing: String

    public init(program: String, summary: String, commands: [Command], closing: String) {
        self.program = program
        self.summary = summary
        self.commands = commands
        self.closing = closing
    }

    /// One command.
    public struct Command: Sendable {
        /// `run`; the audit of the receiver is written `--audit`.
        public let name: String
        /// Names of what stands beside the options, in order; all are required.
        public let operands: [String]
        public let options: [Option]
        /// What it does, in one line.
        public let summary: String
        /// Further lines of its help.
        public let details: String
        /// Whole command lines that show it.
        public let examples: [String]

        public init(
            _ name: String, operands: [String] = [], options: [Option] = [], summary: String, details: String = "",
            examples: [String] = []
        ) {
            self.name = name
            self.operands = operands
            self.options = options
            self.summary = summary
            self.details = details
            self.examples = examples
        }

        func option(_ name: some StringProtocol) -> Option? { options.first { $0.name == name } }
    }

    /// One option of a command.
    public struct Option: Sendable {
        /// `--config`.
        public let name: String
        /// What its value is called in help; nil for an option without one.
        public let value: String?
        public let isRequired: Bool
        /// Whether it may stand several times, each with a value of its own.
        public let mayRepeat: Bool
        public let summary: String

        public init(
            _ name: String, _ value: String? = nil, isRequired: Bool = false, mayRepeat: Bool = false, summary: String
        ) {
            precondition(name.hasPrefix("--"), "options are long")
            self.name = name
            self.value = value
            self.isRequired = isRequired
            self.mayRepeat = mayRepeat
            self.summary = summary
        }

        /// `--config FILE`, which nearly every command needs; `-c` is its short form.
        public static let config = Option(
            "--config", "FILE", isRequired: true, summary: "the configuration (JSON5); -c for short")
    }

    func command(_ name: some StringProtocol) -> Command? { commands.first { $0.name == name } }
}
