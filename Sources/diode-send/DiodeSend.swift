@main
struct DiodeSend {
    static func main() {}
}
