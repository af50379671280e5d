# Plays systemd for the tests: opens sockets that outlive the service, starts it on them, and hears what it notifies.
# Perl, since Node can neither hold a listening socket without accepting nor receive from a Unix datagram socket.
#   perl play-systemd.pl NOTIFY_SOCKET NAME=tcp|/path … -- PROGRAM ARGUMENT …
# On standard input: `start`. On standard output: `port NAME N`, `started PID`, `ended PID STATUS`, `notify TEXT` (lines joined by |).
# What the service prints goes to standard error. It ends, and the sockets with it, when standard input does.
use strict;
use warnings;
use Fcntl qw(F_DUPFD);
use Socket;
use POSIX ();

$| = 1;
$^F = 255;    # what is opened here stays open in the service
my $notify_path = shift @ARGV;
my (@names, @sockets);
while (@ARGV and (my $argument = shift @ARGV) ne '--') {
    my ($name, $address) = split /=/, $argument, 2;
    my $unix = $address =~ m{^/};
    socket(my $socket, $unix ? PF_UNIX : PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    bind($socket, $unix ? pack_sockaddr_un($address) : pack_sockaddr_in(0, inet_aton('127.0.0.1'))) or die "bind: $!";
    listen($socket, 128) or die "listen: $!";
    push @names, $name;
    push @sockets, $socket;
    next if $unix;
    my ($port) = unpack_sockaddr_in(getsockname($socket));
    print "port $name $port\n";
}
socket(my $notify, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($notify, pack_sockaddr_un($notify_path)) or die "bind: $!";

my $commands = '';
while (1) {
    my $watched = '';
    vec($watched, $_, 1) = 1 for (fileno(STDIN), fileno($notify));
    select(my $readable = $watched, undef, undef, 0.05);
    while ((my $pid = waitpid(-1, POSIX::WNOHANG())) > 0) { print "ended $pid $?\n" }
    if (vec($readable, fileno($notify), 1)) {
        recv($notify, my $text, 65536, 0);
        $text =~ s/\n/|/g;
        # What systemd-notify sends to be told that all before it was heard.
        print "notify $text\n" unless $text eq 'BARRIER=1';
    }
    next unless vec($readable, fileno(STDIN), 1);
    exit 0 unless sysread(STDIN, $commands, 4096, length $commands);
    while ($commands =~ s/^start\n//) { start() }
}

sub start {
    my $pid = fork() // die "fork: $!";
    return print "started $pid\n" if $pid;
    # First out of the way, then to 3, 4, … in their order.
    my @copies = map { fcntl($_, F_DUPFD, 100) } @sockets;
    POSIX::dup2($copies[$_], 3 + $_) for 0 .. $#copies;
    POSIX::close($_) for (3 + @copies) .. 99, @copies;
    open STDIN, '<', '/dev/null';
    open STDOUT, '>&', \*STDERR;
    if (@sockets) { @ENV{qw(LISTEN_FDS LISTEN_PID LISTEN_FDNAMES)} = (scalar @sockets, $$, join ':', @names) }
    $ENV{NOTIFY_SOCKET} = $notify_path;
    exec { $ARGV[0] } @ARGV or POSIX::_exit(127);
}
