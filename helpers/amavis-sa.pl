#!/usr/bin/perl
#
# amavis-sa — SpamAssassin for amavis: loads Mail::SpamAssassin and its rules once, and scans mail for the
# children of one generation of the daemon.
#
# The daemon starts it and holds its standard input open; when that ends, so does this program. It listens on a
# Unix socket and makes a process for each connection: they share the memory of the rules, and one that hangs or
# is killed takes nobody with it.
#
# Everything said is a frame: its length in octets as 32 bits, most significant first, then strings, each after
# its length in the same form. Strings go in pairs of name and value after the first, which says what it is.
#
#   on standard input, once   setup  socket, home, configpath, siteconfigpath, userprefs, local_tests_only, debug
#   on standard output        log level text        during the start
#                             ready version         rules are loaded
#                             unavailable reason    there is no Mail::SpamAssassin; exit status 69 follows
#   on a connection, to us    scan   mail, user, prefs, deadline and what else `attributes` reads
#   from us                   hello pid             at once; the process leads a group of its own
#                             log level text        any number
#                             result …              one for each scan
#
# Levels of log entries are those of amavis: -1 error, 0 warn, 1 info, 3 dbg.

use strict;
use warnings;
no warnings 'once';
use Errno qw(EINTR);
use File::Basename qw(dirname);
use POSIX ();
use Socket qw(PF_UNIX SOCK_STREAM SOMAXCONN pack_sockaddr_un);

my $LARGEST_FRAME = 64 * 1024 * 1024;
my $EX_UNAVAILABLE = 69;

# Tags that end up beside the result; SpamAssassin computes those it is asked for.
my @TAGS = qw(
  LANGUAGES RELAYCOUNTRY ASN ASNCIDR DKIMDOMAIN DKIMIDENTITY SCTYPE AUTOLEARNSCORE CRM114STATUS CRM114SCORE
  BAYES TOKENSUMMARY RULESVERSION
);

my $out = \*STDOUT;

sub read_exactly {
  my ($handle, $count) = @_;
  my $octets = '';
  while (length $octets < $count) {
    my $got = sysread $handle, $octets, $count - length $octets, length $octets;
    next if !defined $got && $! == EINTR;
    return if !$got;
  }
  return $octets;
}

# The strings of the next frame; none at the end.
sub read_frame {
  my ($handle) = @_;
  my $head = read_exactly($handle, 4);
  return if !defined $head;
  my $length = unpack 'N', $head;
  return if $length > $LARGEST_FRAME;
  my $body = read_exactly($handle, $length);
  return if !defined $body;
  return unpack '(N/a*)*', $body;
}

sub say_frame {
  my @strings = map { my $s = defined $_ ? $_ : ''; utf8::encode($s) if utf8::is_utf8($s); $s } @_;
  my $body = pack '(N/a*)*', @strings;
  my $frame = pack('N', length $body) . $body;
  my $at = 0;
  while ($at < length $frame) {
    my $sent = syswrite $out, $frame, length($frame) - $at, $at;
    next if !defined $sent && $! == EINTR;
    POSIX::_exit(0) if !defined $sent;    # nobody listens any more
    $at += $sent;
  }
}

# What SpamAssassin says goes where the results go.
package Amavis::SpamAssassinLog {
  my %level = (error => -1, warn => 0, info => 1, dbg => 3);

  sub new { return bless {}, shift }
  sub close_log { }

  sub log_message {
    my (undef, $severity, $text) = @_;
    my $level = $level{$severity};
    main::say_frame('log', defined $level ? $level : 1, $text);
    return 1;
  }
}

# A signature that amavis has verified, with what SpamAssassin's DKIM and DMARC plugins ask of one.
package Amavis::Signature {
  sub new { my ($class, %known) = @_; return bless {%known}, $class }
  sub domain { $_[0]{domain} }
  sub selector { $_[0]{selector} }
  sub identity { $_[0]{identity} }
  sub algorithm { $_[0]{algorithm} }
  sub result { $_[0]{result} }
  sub result_detail { $_[0]{detail} || $_[0]{result} }
  sub canonicalization { my ($h, $b) = split m{/}, $_[0]{canonicalization} || 'simple/simple'; wantarray ? ($h, $b) : "$h/$b" }
  sub expiration { $_[0]{expires} }
  sub check_expiration { my $t = $_[0]{expires}; return !$t || $t >= time }
  sub headerlist { $_[0]{headers} }
  sub get_public_key { my $bits = $_[0]{bits}; return $bits ? Amavis::PublicKey->new($bits) : undef }
}

package Amavis::PublicKey {
  sub new { my ($class, $bits) = @_; return bless {bits => $bits}, $class }
  sub cork { return $_[0] }
  sub size { return $_[0]{bits} / 8 }
}

package main;

sub listen_at {
  my ($path) = @_;
  socket my $listener, PF_UNIX, SOCK_STREAM, 0 or die "socket: $!\n";
  unlink $path;
  umask 0077;
  bind $listener, pack_sockaddr_un($path) or die "bind to $path: $!\n";
  listen $listener, SOMAXCONN or die "listen: $!\n";
  return $listener;
}

sub load {
  my ($setup) = @_;
  require Mail::SpamAssassin::Logger;
  $Mail::SpamAssassin::Logger::LOG_SA{method} = {amavis => Amavis::SpamAssassinLog->new};
  my $home = $setup->{home};
  my $debug = $setup->{debug};
  my $spamassassin = Mail::SpamAssassin->new({
    debug => $debug eq '' || $debug eq '0' ? undef : $debug eq '1' ? 'all' : $debug,
    local_tests_only => $setup->{local_tests_only},
    home_dir_for_helpers => $home,
    username => $setup->{username},
    userstate_dir => "$home/.spamassassin",
    dont_copy_prefs => 1,
    require_rules => 1,
    stop_at_threshold => 0,
    need_tags => join(',', 'TIMING', @TAGS),
    ($setup->{configpath} ne '' ? (rules_filename => $setup->{configpath}) : ()),
    ($setup->{siteconfigpath} ne '' ? (site_rules_filename => $setup->{siteconfigpath}) : ()),
    userprefs_filename => $setup->{userprefs} ne '' ? $setup->{userprefs} : "$home/.spamassassin/user_prefs",
  });
  # The constructor may have made a logger of its own for warnings.
  $Mail::SpamAssassin::Logger::LOG_SA{method} = {amavis => Amavis::SpamAssassinLog->new};
  $spamassassin->compile_now(1, 0);
  # The DKIM plugin takes no signatures of a caller before it has loaded its modules, and does that only when it
  # is about to verify by itself: never where DNS is off.
  for my $plugin (@{$spamassassin->{plugins}{plugins} || []}) {
    eval { $plugin->_dkim_load_modules } if ref $plugin eq 'Mail::SpamAssassin::Plugin::DKIM';
  }
  $spamassassin->call_plugins('prefork_init');
  return $spamassassin;
}

# Preferences of one user over those of the site; back again for the next.
my %site;
my $in_force = "\0";

sub put_in_force {
  my ($spamassassin, $user, $prefs, $setup) = @_;
  return if $in_force eq "$user\0$prefs";
  if ($in_force ne "\0") { $spamassassin->copy_config(\%site, undef) or die "cannot restore the site's preferences\n" }
  elsif ($prefs ne '') { $spamassassin->copy_config(undef, \%site) or die "cannot keep the site's preferences\n" }
  $in_force = $prefs eq '' && !%site ? "\0" : "$user\0$prefs";
  my $name = $user ne '' ? $user : $setup->{username};
  $spamassassin->signal_user_changed({
    username => $name,
    user_dir => $setup->{home},
    userstate_dir => "$setup->{home}/.spamassassin",
  });
  if ($prefs =~ /^sql:/i) { $spamassassin->load_scoreonly_sql($name) }
  elsif ($prefs =~ /^ldap:/i) { $spamassassin->load_scoreonly_ldap($name) }
  elsif ($prefs ne '') {
    if (-r $prefs) { $spamassassin->read_scoreonly_config($prefs) }
    else { say_frame('log', -1, "cannot read preferences $prefs: $!") }
  }
}

# What SpamAssassin lets its caller say about a mail that it cannot see by itself.
sub attributes {
  my ($request) = @_;
  my %known;
  $known{master_deadline} = time + $request->{seconds} if $request->{seconds};
  for my $name (qw(return_path originating message_size body_size amavis_policy_bank_path)) {
    $known{$name} = $request->{$name} if defined $request->{$name} && $request->{$name} ne '';
  }
  for my $name (qw(recipients mimepart_digests)) {
    $known{$name} = [unpack '(N/a*)*', $request->{$name}] if defined $request->{$name};
  }
  if (my $size = $request->{truncated_to}) {
    $known{rule_hits} = [{
      rule => '__TRUNCATED', area => 'RAW: ', tflags => 'nice', score => -0.1,
      descr => "Message size truncated to $size B",
    }];
  }
  if (defined $request->{signatures}) {
    $known{dkim_signatures} =
      [map { Amavis::Signature->new(unpack '(N/a*)*', $_) } unpack '(N/a*)*', $request->{signatures}];
  }
  return \%known;
}

sub scan {
  my ($spamassassin, $request) = @_;
  $spamassassin->timer_reset if $spamassassin->can('timer_reset');
  my ($user_before, $system_before) = times;
  my $message = $spamassassin->parse($request->{mail}, 0, attributes($request));
  my $status = $spamassassin->check($message);
  my @result = (
    score => $status->get_score,
    required => $status->get_required_score,
    tests => $status->get_tag('TESTSSCORES', ','),
    autolearn => $status->get_autolearn_status,
    report => $status->get_report,
    fields => $status->get_tag('ADDEDHEADER'),
    version => Mail::SpamAssassin::Version(),
    subversion => ${Mail::SpamAssassin::SUB_VERSION} || '',
  );
  my $summary = $status->get_tag('SUMMARY');
  push @result, summary => ref $summary ? $summary->() : $summary if defined $summary;
  for my $tag (@TAGS) {
    my $value = $status->get_tag($tag);
    push @result, "tag:$tag" => join(' ', ref $value eq 'ARRAY' ? @$value : $value) if defined $value && $value ne '';
  }
  $status->finish;
  $message->finish;
  push @result, timing => $spamassassin->timer_report;
  my ($user_after, $system_after) = times;
  push @result, cpu_ms => int(1000 * ($user_after + $system_after - $user_before - $system_before));
  say_frame('result', @result);
}

sub serve {
  my ($spamassassin, $setup, $client) = @_;
  POSIX::setpgid(0, 0);
  $out = $client;
  say_frame('hello', $$);
  $spamassassin->call_plugins('spamd_child_init');
  while (my ($kind, %request) = read_frame($client)) {
    last if $kind ne 'scan';
    my $done = eval {
      put_in_force($spamassassin, $request{user}, $request{prefs}, $setup);
      scan($spamassassin, \%request);
      1;
    };
    if (!$done) {
      say_frame('failed', in_a_line($@ || 'unknown error'));
    }
    $spamassassin->call_plugins('spamd_child_post_connection_close');
  }
}

sub in_a_line {
  my ($text) = @_;
  $text =~ s/\s+/ /g;
  return $text;
}

sub main {
  $SIG{PIPE} = $SIG{HUP} = $SIG{INT} = 'IGNORE';
  $0 = 'amavis-sa';
  # SpamAssassin, its plugins and Perl itself also warn past SpamAssassin's own logger.
  $SIG{__WARN__} = sub { say_frame('log', 0, in_a_line("@_")) };
  my ($kind, %setup) = read_frame(\*STDIN);
  die "no setup on standard input\n" if !defined $kind || $kind ne 'setup';
  chdir '/';
  $ENV{HOME} = $setup{home} if $setup{home} ne '';
  $setup{username} = getpwuid($>) || $>;
  my $listener = listen_at($setup{socket});
  if (!eval { require Mail::SpamAssassin; 1 }) {
    say_frame('unavailable', in_a_line($@ =~ s/\(\@INC.*//sr));
    exit $EX_UNAVAILABLE;
  }
  my $spamassassin = eval { load(\%setup) };
  if (!$spamassassin) {
    # Rules may be in the middle of an update: the next start may find them.
    say_frame('log', -1, in_a_line($@));
    exit 1;
  }
  say_frame('ready', Mail::SpamAssassin::Version());

  local $SIG{CHLD} = sub { 1 while waitpid(-1, POSIX::WNOHANG()) > 0 };
  my ($stdin, $door) = (fileno STDIN, fileno $listener);
  while (1) {
    my $ready = '';
    vec($ready, $_, 1) = 1 for $stdin, $door;
    my $count = select $ready, undef, undef, undef;
    next if !defined $count || $count < 0;
    # End of input: whoever started us is gone, or has no more need of us.
    last if vec($ready, $stdin, 1) && !sysread STDIN, my $ignored, 4096;
    next if !vec($ready, $door, 1);
    accept my $client, $listener or next;
    my $pid = fork;
    say_frame('log', -1, "fork: $!") if !defined $pid;
    if (defined $pid && $pid == 0) {
      $SIG{CHLD} = 'DEFAULT';
      close $listener;
      open STDIN, '<', '/dev/null';
      open STDOUT, '>', '/dev/null';
      $0 = 'amavis-sa child';
      eval { serve($spamassassin, \%setup, $client); 1 } or warn $@;
      POSIX::_exit(0);
    }
    close $client;
  }
  unlink $setup{socket};
  rmdir dirname($setup{socket});
}

main() unless caller;
1;
