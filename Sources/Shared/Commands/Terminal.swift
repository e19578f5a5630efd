internal import Glibc

/// Standard output for answers, standard error for complaints, standard input for questions.
public enum Terminal {
    /// Writes a text to standard output as it is.
    /// - Returns: whether all of it could be written; false for a full disk or a closed pipe.
    @discardableResult
    public static func write(_ text: String) -> Bool { write(text, to: 1) }

    /// Writes a line to standard output.
    @discardableResult
    public static func line(_ text: String) -> Bool { write(text + "\n", to: 1) }

    /// Writes a line to standard error.
    public static func complain(_ text: String) { _ = write(text + "\n", to: 2) }

    /// Asks on standard error and reads one line from standard input.
    /// - Returns: the answer without surrounding space; nil at the end of the input.
    public static func ask(_ question: String) -> String? {
        _ = write(question, to: 2)
        guard let answer = readLine() else { return nil }
        return String(answer.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }

    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return false }
            bytes.removeFirst(count)
        }
        return true
    }
}
