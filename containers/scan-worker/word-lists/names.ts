/** What is put before a domain for a machine or a service. Our own choice. */
export const NAMES: readonly string[] = `
access account accounts ad admin administrator ads alpha analytics api api-dev api-staging api1 api2 app apps archive assets auth
autodiscover aws backend backup backups beta billing blog bounce build bugs cache calendar careers cdn chat ci client clients cloud cms
code community confluence console consul contact content control cpanel crm css customer dashboard data db db1 db2 demo deploy desktop dev
dev1 dev2 developer developers direct directory dns dns1 dns2 docker docs download downloads edge elastic elk email enterprise erp events
exchange external extranet feed feedback files firewall forum forums ftp gateway git github gitlab go grafana graphql guest gw harbor
healthcheck help helpdesk home host hr id identity images imap img info internal intranet inventory invoice iot jenkins jira jobs kafka
kibana kubernetes lab labs lb ldap learn legacy link live loadbalancer local log login logs m mail mail1 mail2 manage management marketing
master media meet metrics mobile monitor monitoring mq mssql mx mx1 mx2 mysql nagios nas network new news newsletter nexus node notes ns
ns1 ns2 ns3 oauth office old online ops oracle order orders origin owa packages pages panel partner partners pay payment payments phone
pop pop3 portal postgres pre preprod preview private prod production prometheus proxy public qa queue rabbitmq rancher rdp redis redmine
registry relay remote repo reports research reverse router s3 sales sandbox search secure security sentry server server1 server2 service
services sftp share sharepoint shop signup site sip smtp sonar splunk sql ssh ssl sso stage staging start stat static stats status storage
store stream support svn sync sys system team teams telemetry temp terminal test test1 test2 testing tickets time tools track traefik
training uat update upload user users v1 v2 vault video vm voip vpn vpn1 vpn2 web web1 web2 webdisk webmail webservice wiki wordpress work
ws www www1 www2 www3 zabbix
`
  .trim()
  .split(/\s+/);
