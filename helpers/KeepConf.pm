# KeepConf — a SpamAssassin plugin for spamd: a process of spamd copies its configuration back only after a mail
# whose user had one of his own.
#
#   loadplugin Amavis::KeepConf /usr/lib/node_modules/amavis/helpers/KeepConf.pm
#
# spamd (3.4 and 4.0) does so after each mail, lest one user's preferences be applied to the next one's mail. That takes
# a tenth to a fifth of the time of a short mail, and makes each process a copy of the memory of all rules. Where nobody's
# preferences were read (spamd -x, or a user without a file, or rows in SQL or LDAP) there is nothing to undo.

package Amavis::KeepConf;

use strict;
use warnings;
use Mail::SpamAssassin;
use Mail::SpamAssassin::Plugin;
our @ISA = ('Mail::SpamAssassin::Plugin');

sub new {
  my ($class, $main) = @_;
  my $self = $class->SUPER::new($main);
  return bless $self, $class;
}

# Called in each process of spamd before its first mail; the master's own copy has been made by then.
sub spamd_child_init {
  my ($self) = @_;
  my $main = $self->{main};
  $main->{amavis_conf_changed} = 0;
  bless $main, 'Amavis::KeepConf::Main' if ref $main eq 'Mail::SpamAssassin';
}

package Amavis::KeepConf::Main;

our @ISA = ('Mail::SpamAssassin');

sub copy_config {
  my ($self, $source, $dest) = @_;
  my $is_back = defined $source && !defined $dest;
  return 1 if $is_back && !$self->{amavis_conf_changed};
  my $result = $self->SUPER::copy_config($source, $dest);
  $self->{amavis_conf_changed} = 0 if $is_back && $result;
  return $result;
}

# A user's preferences come in by one of these, and by nothing else.

sub read_scoreonly_config {
  my ($self, @args) = @_;
  $self->{amavis_conf_changed} = 1;
  return $self->SUPER::read_scoreonly_config(@args);
}

sub load_scoreonly_sql {
  my ($self, @args) = @_;
  $self->{amavis_conf_changed} = 1;
  return $self->SUPER::load_scoreonly_sql(@args);
}

sub load_scoreonly_ldap {
  my ($self, @args) = @_;
  $self->{amavis_conf_changed} = 1;
  return $self->SUPER::load_scoreonly_ldap(@args);
}

1;
