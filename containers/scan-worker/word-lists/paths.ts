/** Paths that web servers have without meaning to show them, and those that say what runs there. Our own choice. */
export const PATHS: readonly string[] = `
.DS_Store .aws/credentials .bash_history .dockerenv .env .env.backup .env.local .env.production .git .git/HEAD .git/config .gitignore
.htaccess .htpasswd .hg .idea .npmrc .ssh .svn .svn/entries .vscode .well-known .well-known/openid-configuration .well-known/security.txt
Dockerfile Jenkinsfile LICENSE Makefile README.md WEB-INF/web.xml _debug _ignition _profiler about account accounts actuator
actuator/env actuator/health actuator/heapdump adm admin admin.php admin/login administration administrator adminer adminer.php ads api
api-docs api/docs api/health api/swagger api/users api/v1 api/v2 app app.js application archive archives asset assets auth back backend
backup backup.sql backup.tar.gz backup.zip backups bak bin blog build builds cache cart catalog certs cgi-bin changelog check ci client
cms code composer.json composer.lock config config.json config.php config.yml configs configuration conf connect console contact content
controlpanel cpanel cron crossdomain.xml css customer customers dashboard data database database.sql db db.sql debug default demo deploy
dev devel developer development dist doc docker-compose.yml docs documentation download downloads dump dump.sql editor elmah.axd email
error error.log errors etc example examples export exports favicon.ico feed file files forgot forum ftp function git graphiql graphql
grafana group groups guest health healthcheck healthz help hidden home host htdocs html images img import inc include includes index
index.html index.php info info.php install install.php installer internal invoice invoices j_security_check jenkins jmx-console js json
kibana lib library libs live local log log.txt login login.php logout logs mail maintenance manage management manager manager/html
manifest.json map media member members metrics mobile module modules monitor monitoring mysql new news nginx_status node_modules oauth
old ops order orders package.json package-lock.json page panel passwd password passwords payment payments php phpinfo.php phpmyadmin
phpMyAdmin ping plugin plugins portal preview private profile project projects prometheus proxy pub public readme register report reports
request reset resources rest restore robots.txt root rss sample samples scripts search secret secrets secure security server server-info
server-status service services session sessions setting settings setup setup.php shared shell shop signin signup site sitemap.xml soap
solr source sql src ssh staff stage staging start stat static statistics stats status storage store stuff style styles support swagger
swagger-ui swagger-ui.html swagger.json swagger.yaml sync sys system temp template templates test test.php tests themes ticket tickets tmp
token tokens tool tools trace trace.axd update updates upgrade upload upload.php uploads user users v1 v2 v3 vendor version version.txt
view views vpn web web.config webadmin webdav webmail webservice wiki wordpress work wp wp-admin wp-config.php wp-config.php.bak
wp-content wp-includes wp-json wp-login.php www xmlrpc.php yarn.lock
`
  .trim()
  .split(/\s+/);
