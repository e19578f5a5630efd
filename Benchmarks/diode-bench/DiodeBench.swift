@main
struct DiodeBench {
    static func main() {}
}
